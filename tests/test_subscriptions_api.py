"""Subscriptions in the API: one's own, for districts that one may see; administrators subscribe others."""

import pytest

from tests.api import Api, assert_problem
from tests.makers import make_huangpu, make_user
from tracking.models import Delivery, Subscription

pytestmark = pytest.mark.django_db

BODY = {"email": "li@example.org", "district": "440112", "language": "en"}


@pytest.fixture
def places():
    return make_huangpu()


@pytest.fixture
def reader(places):
    return make_user("reader", district=places["440112"], role="viewer")


def test_one_subscribes_changes_and_ends_a_subscription(reader):
    api = Api(reader)

    made = api.post("subscriptions/", BODY)
    address = made.headers["Location"]
    changed = api.change(address, {"language": "zh-hans", "active": False})
    gone = api.delete(address, **{"If-Match": changed.headers["ETag"]})

    assert made.status_code == 201
    assert made.json()["user"] == "reader"
    assert made.json()["frequency"] == "quarterly"
    assert made.json()["active"] is True
    assert (changed.json()["language"], changed.json()["active"]) == ("zh-hans", False)
    assert (gone.status_code, Subscription.objects.count()) == (204, 0)


def test_a_change_needs_the_current_version(reader):
    api = Api(reader)
    made = api.post("subscriptions/", BODY)
    address = made.headers["Location"]
    api.change(address, {"active": False})

    without = api.patch(address, {"active": True})
    stale = api.patch(address, {"active": True}, **{"If-Match": made.headers["ETag"]})

    assert_problem(without, 428, "precondition-required")
    assert_problem(stale, 412, "precondition-failed")
    assert not Subscription.objects.get().active


def test_others_subscriptions_do_not_exist(places, reader):
    made = Api(reader).post("subscriptions/", BODY)
    other = Api(make_user("other", district=places["440112"], role="editor"))

    assert other.get("subscriptions/").json()["results"] == []
    assert_problem(other.get(made.headers["Location"]), 404, "not-found")
    assert_problem(other.delete(made.headers["Location"], **{"If-Match": "*"}), 404, "not-found")


def test_only_districts_that_one_may_see_can_be_subscribed(places, reader):
    api = Api(reader)

    above = api.post("subscriptions/", {**BODY, "district": "440100"})
    unknown = api.post("subscriptions/", {**BODY, "district": "999999"})
    zone = api.post("subscriptions/", {**BODY, "district": "440112-GDD"})

    assert_problem(above, 404, "not-found")
    assert_problem(unknown, 400, "validation", "/district")
    assert zone.status_code == 201


def test_an_administrator_subscribes_others_but_only_to_what_they_may_see(reader):
    api = Api(make_user("boss", superuser=True))

    made = api.post("subscriptions/", {**BODY, "user": "reader"})
    too_much = api.post("subscriptions/", {**BODY, "user": "reader", "district": "440100"})

    assert made.json()["user"] == "reader"
    assert [row["id"] for row in Api(reader).get("subscriptions/").json()["results"]] == [made.json()["id"]]
    assert_problem(too_much, 400, "validation", "/district")


def test_nobody_else_subscribes_others(places, reader):
    make_user("other", district=places["440112"])

    response = Api(reader).post("subscriptions/", {**BODY, "user": "other"})

    assert_problem(response, 400, "validation", "/user")
    assert Subscription.objects.count() == 0


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"email": "nobody"}, "/email"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "/email"),
        ({"frequency": "hourly"}, "/frequency"),
        ({"language": "fr"}, "/language"),
        ({"active": "yes"}, "/active"),
        ({"user": 5}, "/user"),
        ({"mail": "a@example.org"}, "/mail"),
        ({"version": 3}, "/version"),
    ],
)
def test_a_wrong_field_is_named(reader, wrong, place):
    assert_problem(Api(reader).post("subscriptions/", {**BODY, **wrong}), 400, "validation", place)


def test_the_same_address_is_subscribed_once(reader):
    api = Api(reader)
    api.post("subscriptions/", BODY)

    response = api.post("subscriptions/", BODY)

    assert response.status_code in (400, 409)
    assert Subscription.objects.count() == 1


def test_after_rights_were_taken_away_a_subscription_can_still_be_ended(reader):
    api = Api(reader)
    address = api.post("subscriptions/", BODY).headers["Location"]
    reader.memberships.all().delete()

    ended = api.change(address, {"active": False})
    again = api.change(address, {"active": True})

    assert ended.json()["active"] is False
    assert_problem(again, 400, "validation", "/district")


def test_a_token_that_only_reads_subscribes_nobody(reader):
    assert_problem(Api(reader, "read").post("subscriptions/", BODY), 403, "permission")
    assert_problem(Api().get("subscriptions/"), 401, "authentication")


def test_the_list_is_filtered_by_district_and_activity(places, reader, django_assert_max_num_queries):
    api = Api(reader)
    for number, district in enumerate(["440112", "440112-GDD"]):
        api.post("subscriptions/", {**BODY, "email": f"a{number}@example.org", "district": district})
    Api(make_user("boss", superuser=True)).post("subscriptions/", {**BODY, "email": "boss@example.org"})

    with django_assert_max_num_queries(12):
        zone = api.get("subscriptions/?district=440112-GDD&count=true").json()
    inactive = api.get("subscriptions/?active=false").json()

    assert [row["email"] for row in zone["results"]] == ["a1@example.org"]
    assert inactive["results"] == []
    assert Delivery.objects.count() == 0
