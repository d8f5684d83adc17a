"""Comments on projects, and the colleagues whom they call by @username."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.access import readers_of
from projects.models import Comment, District, Mention, Project, User
from projects.services.transactions import one_transaction

CALL = re.compile(
    r"(?<![\w.@+-])@([\w.@+-]{1,150})"
)  # what Django allows in a user name, not within an address
MOST_MENTIONS = 20


@one_transaction
def comment_on(
    project: Project, text: str, *, actor: User | None, at: datetime, called: Iterable[User] = ()
) -> Comment:
    """Say something about a project; whom the text calls by @username, and the others `called`, find it on their desk.

    Raises ValidationError with everything wrong at once (keys are fields). It does not tell whether somebody who may
    not see the project exists.
    """
    comment = Comment(project=project, author=actor, at=at, text=text)
    errors = {}
    if not text.strip():
        errors["text"] = [ValidationError(_("Write a comment."), code="required")]
    else:
        try:
            comment.full_clean(exclude=["project", "author"])
        except ValidationError as refusal:
            errors = refusal.error_dict
    people = {user.pk: user for user in called}
    if not errors:
        try:
            people |= {user.pk: user for user in people_called(comment.text, project.district)}
        except ValidationError as refusal:
            errors["text"] = refusal.error_list
    if errors:
        raise ValidationError(errors)
    comment.save()
    mention(comment, people.values())
    return comment


def mention(comment: Comment, people: Collection[User]) -> None:
    """Put a comment on the desks of these people, but not on its author's own."""
    Mention.objects.bulk_create(
        [Mention(comment=comment, user=user) for user in people if user.pk != comment.author_id]
    )


def people_called(text: str, district: District) -> list[User]:
    """Who is called by @username in a text about a project of this district.

    Chinese is written without spaces, so of what follows an @ the longest beginning counts that is somebody's name.
    Raises ValidationError where nobody who may see the project is called so, or too many are.
    """
    calls = list(dict.fromkeys(CALL.findall(text)))
    if len(calls) > MOST_MENTIONS:
        message = _("Call at most %(most)d colleagues in one comment.")
        raise ValidationError(message, code="too_many_mentions", params={"most": MOST_MENTIONS})
    beginnings = {beginning for call in calls for beginning in _beginnings(call)}
    found = (
        User.objects.filter(readers_of(district), username__in=beginnings).distinct() if beginnings else ()
    )
    readers = {user.username: user for user in found}
    strangers = [call for call in calls if not any(part in readers for part in _beginnings(call))]
    if strangers:
        message = _(
            "Nobody who may see this project has a user name that “@%(call)s” begins with. "
            "Choose a colleague from the list, or leave out the @."
        )
        raise ValidationError(
            [ValidationError(message, code="not_a_reader", params={"call": call}) for call in strangers]
        )
    return [next(readers[part] for part in _beginnings(call) if part in readers) for call in calls]


def _beginnings(call: str) -> Iterator[str]:
    """The longest first."""
    return (call[:length] for length in range(len(call), 0, -1))


def read_mention(mention: Mention, *, at: datetime) -> None:
    """Take a mention from the desk; read once, it stays read."""
    Mention.objects.filter(pk=mention.pk, read_at=None).update(read_at=at)
