"""The commands that scripts call: members and tokens."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection

from projects.access import may_edit, may_see
from projects.models import ApiToken, User
from tests.makers import make_huangpu, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    return make_huangpu()


def test_add_member_makes_the_user_and_gives_the_role_in_the_whole_subtree(places, capsys):
    call_command("add_member", "zhang.san", "440112", "editor")
    call_command("add_member", "zhang.san", "440112", "editor")

    user = User.objects.get(username="zhang.san")
    assert user.memberships.count() == 1
    assert may_edit(user, places["440112-GDD"])
    assert not may_see(user, places["440100"])
    assert "changepassword" in capsys.readouterr().out


def test_a_viewer_sees_and_does_not_edit(places):
    call_command("add_member", "li.si", "440112", "viewer")

    user = User.objects.get(username="li.si")

    assert may_see(user, places["440112"])
    assert not may_edit(user, places["440112"])


@pytest.mark.parametrize(
    "arguments",
    [("a", "999999", "editor"), ("a", "440112", "emperor"), ("not a name", "440112", "editor")],
    ids=["unknown district", "unknown role", "user name with spaces"],
)
def test_add_member_refuses_what_is_unknown_and_makes_nobody(places, arguments):
    with pytest.raises(CommandError):
        call_command("add_member", *arguments)

    assert not User.objects.exists()


def test_create_token_prints_the_token_alone_and_stores_only_its_hash(places, capsys):
    make_user("zhang.san", district=places["440112"])

    call_command("create_token", "zhang.san", "--scope", "read", "--scope", "write", "--days", "7")

    printed = capsys.readouterr().out
    token = ApiToken.objects.get()
    assert printed == printed.strip() + "\n"
    assert printed.strip() not in (token.digest, token.token_key)
    assert token.scopes == ["read", "write"]


def test_create_token_refuses_unknown_users_and_absurd_lifetimes(places):
    make_user("zhang.san")

    for arguments in (["nobody", "--scope", "read"], ["zhang.san", "--scope", "read", "--days", "0"]):
        with pytest.raises(CommandError):
            call_command("create_token", *arguments)

    assert not ApiToken.objects.exists()


@pytest.mark.postgresql
def test_a_migration_may_take_longer_than_a_question():
    def patience() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    before = patience()
    emit_pre_migrate_signal(verbosity=0, interactive=False, db="default")
    meanwhile = patience()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")

    assert (before, meanwhile, patience()) == ("30s", "0", "30s")
