"""Who sees and who edits what: the one place that decides, for API, admin, pages and emails alike.

A membership ties a user to a district subtree with a role. What lies outside every subtree of a user does not exist
for them. Models and views ask here; this module imports no model, it follows the user's own memberships.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

if TYPE_CHECKING:
    from projects.models import District, User

    Reader: TypeAlias = User | AnonymousUser

PATH_END = "~"  # sorts after every character of a code and after "/"


class Role(StrEnum):
    """What a membership allows; everybody with any role may read."""

    VIEWER = "viewer"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


SHARING = (Role.EDITOR, Role.REVIEWER, Role.ADMINISTRATOR)
KNOWING = (Role.EDITOR, Role.REVIEWER, Role.ADMINISTRATOR)  # who know what confidential projects hide


def within(path: str, field: str = "path") -> Q:
    """Everything in the subtree of this path: a half-open range, which an index answers on every database."""
    return Q(**{f"{field}__gte": path, f"{field}__lt": path + PATH_END})


def paths_of(user: Reader, *roles: Role) -> list[str]:
    """The paths of the subtrees in which this user holds one of the roles (any role if none is named)."""
    if not user.is_authenticated or not user.is_active:
        return []
    memberships = user.memberships.filter(role__in=roles) if roles else user.memberships.all()
    return list(memberships.order_by("district__path").values_list("district__path", flat=True).distinct())


def subtrees_of(user: Reader, *roles: Role, field: str = "path") -> Q:
    """The rule that a row's district lies in one of the user's subtrees; superusers see everything."""
    if user.is_active and user.is_superuser:
        return Q()
    rule = Q(pk__in=[])
    for path in paths_of(user, *roles):
        rule |= within(path, field)
    return rule


def knows_in(user: Reader, field: str = "path") -> Q:
    """The rule that nothing is hidden from this user of confidential projects in a row's district."""
    return subtrees_of(user, *KNOWING, field=field)


def paths_above(user: Reader) -> list[str]:
    """The paths of the districts in whose subtrees this user holds a role: those of the roles, and all above them."""
    parts = [path.strip("/").split("/") for path in paths_of(user)]
    return sorted({"/".join(part[:depth]) + "/" for part in parts for depth in range(1, len(part) + 1)})


def colleagues_of(user: Reader) -> Q:
    """The rule for users who hold a role where this one records projects, or above; each may be found several times."""
    if user.is_active and user.is_superuser:
        return Q(is_active=True)
    rule = Q(pk__in=[])
    for path in paths_of(user, Role.EDITOR):
        places = path.strip("/").split("/")
        above = ["/".join([*places[:depth], ""]) for depth in range(1, len(places))]
        rule |= within(path, "memberships__district__path") | Q(memberships__district__path__in=above)
    return Q(is_active=True) & rule


def has_role(user: Reader, district: District, *roles: Role) -> bool:
    """Whether this user holds one of the roles (any if none is named) in a subtree that holds the district."""
    if user.is_active and user.is_superuser:
        return True
    return any(district.path.startswith(path) for path in paths_of(user, *roles))


def readers_of(district: District) -> Q:
    """The rule that a user sees what is recorded in this district; several memberships give a user several times."""
    codes = district.path.rstrip("/").split("/")
    above = ["/".join([*codes[: number + 1], ""]) for number in range(len(codes))]
    return Q(is_active=True) & (Q(is_superuser=True) | Q(memberships__district__path__in=above))


class Sight:
    """Which districts one reader sees, asked once for many rows."""

    def __init__(self, user: Reader) -> None:
        self._paths = [""] if user.is_active and user.is_superuser else paths_of(user)

    def sees(self, district: District) -> bool:
        """Whether the district's projects exist for this reader."""
        return any(district.path.startswith(path) for path in self._paths)


def may_see(user: Reader, district: District) -> bool:
    """Whether the district's figures and projects exist for this user."""
    return has_role(user, district)


def may_edit(user: Reader, district: District) -> bool:
    """Whether this user records projects in the district."""
    return has_role(user, district, Role.EDITOR)


def may_review(user: Reader, district: District) -> bool:
    """Whether this user approves and returns what is recorded in the district."""
    return has_role(user, district, Role.REVIEWER)


def reviews_anywhere(user: Reader) -> bool:
    """Whether this user is a reviewer of any district."""
    return (user.is_active and user.is_superuser) or bool(paths_of(user, Role.REVIEWER))


def may_publish(user: Reader, district: District) -> bool:
    """Whether this user releases the district's figures."""
    return has_role(user, district, Role.PUBLISHER)


def shares_in(user: Reader) -> Q:
    """The rule that this user shares views of lists with everybody in a district."""
    return subtrees_of(user, *SHARING)


def publishes_in(user: Reader) -> Q:
    """The rule that a district's figures may be released by this user."""
    return subtrees_of(user, Role.PUBLISHER)


def edits_everywhere(user: Reader) -> bool:
    """Whether this user records projects in the whole country, whatever districts will come."""
    return user.is_active and user.is_superuser


def edits_anywhere(user: Reader) -> bool:
    """Whether this user records projects in any district: then organizations may be entered too."""
    return (user.is_active and user.is_superuser) or bool(paths_of(user, Role.EDITOR))


# --- who gives roles to whom ---------------------------------------------------------------------------------------


def may_administer(user: Reader, district: District) -> bool:
    """Whether this user gives and takes roles in the district; that of an administrator is one of them."""
    return has_role(user, district, Role.ADMINISTRATOR)


def administers_anywhere(user: Reader) -> bool:
    """Whether this user gives roles in any district."""
    return (user.is_active and user.is_superuser) or bool(paths_of(user, Role.ADMINISTRATOR))


def administered_by(user: Reader, field: str = "path") -> Q:
    """The rule that a row's district lies where this user gives roles."""
    return subtrees_of(user, Role.ADMINISTRATOR, field=field)


def people_of(user: Reader) -> Q:
    """The rule that a user holds a role where this one gives roles; superusers know everybody."""
    if user.is_active and user.is_superuser:
        return Q()
    if not user.is_authenticated:
        return Q(pk__in=[])
    memberships = user.memberships.model._default_manager.order_by()
    held = memberships.filter(administered_by(user, field="district__path"))
    return Q(pk__in=held.values("user"))


def may_take_role(user: Reader, person: User, district: District, role: str) -> bool:
    """Whether this user takes that role from the person; nobody takes the own right to give roles away."""
    if person.pk == user.pk and role == Role.ADMINISTRATOR:
        return user.is_superuser
    return may_administer(user, district)


def governs(user: Reader, person: User) -> bool:
    """Whether this user names the person, switches the account off and gives it a password.

    Only of somebody all of whose roles lie where this user gives roles: who also works elsewhere keeps the account.
    """
    if user.is_active and user.is_superuser:
        return True
    if person.is_superuser or person.pk == user.pk or not administers_anywhere(user):
        return False
    own = paths_of(user, Role.ADMINISTRATOR)
    held = person.memberships.values_list("district__path", flat=True)
    return bool(held) and all(path.startswith(tuple(own)) for path in held)
