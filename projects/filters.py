"""The filters of the record's lists; each is a query parameter that knows how to read and to apply itself."""

from django.utils.translation import gettext_lazy as _

from config.api.parameters import (
    Parameter,
    boolean_parameter,
    choice_parameter,
    date_parameter,
    read_choice,
    read_integer,
    read_moment,
)
from projects.filtering import (
    MineParameter,
    day_range,
    district_parameter,
    double_hundred,
    equal,
    in_band,
    in_review,
    in_sector,
    of_investor,
    of_mine,
    overdue,
    read_amount,
    read_band,
    read_sector,
    read_tag,
    search,
    search_projects,
    stale,
    tagged,
)
from projects.models import Attachment, Charge, District, Kind, Ownership, ProjectType, Review, Stage
from projects.quarters import parse_quarter

PROJECT_FILTERS: tuple[Parameter, ...] = (
    district_parameter("district__path"),
    Parameter(name="sector", read=read_sector, apply=in_sector, about=_("A code; its parts are meant, too.")),
    choice_parameter("stage", Stage.values, apply=equal("stage")),
    choice_parameter(
        "kind", Kind.values, about=_("With a milestone of this kind; with `quarter`, in that quarter.")
    ),
    Parameter(name="quarter", read=parse_quarter, about=_("With a milestone in this quarter, as 2023Q1.")),
    choice_parameter(
        "review",
        Review.values,
        apply=in_review,
        about=_("How far the approval of the last change has come."),
    ),
    choice_parameter("project_type", ProjectType.values, apply=equal("project_type")),
    choice_parameter("ownership", Ownership.values, apply=equal("ownership")),
    Parameter(
        name="investor",
        read=read_integer(1, 2**63 - 1),
        apply=of_investor,
        about=_("The id of an organization."),
        schema={"type": "integer"},
    ),
    Parameter(name="size_band", read=read_band, apply=in_band, about=_("The code of a size band.")),
    Parameter(
        name="investment_min",
        read=read_amount,
        apply=equal("total_investment__gte"),
        about=_("Yuan, or as 10亿."),
    ),
    Parameter(
        name="investment_max",
        read=read_amount,
        apply=equal("total_investment__lte"),
        about=_("Yuan, or as 10亿."),
    ),
    *day_range("signed_on"),
    *day_range("started_on"),
    *day_range("completed_on"),
    boolean_parameter(
        "overdue", apply=overdue, about=_("The planned start or completion is past and has not happened.")
    ),
    boolean_parameter("stale", apply=stale, about=_("Not finished, and nothing recorded for 90 days.")),
    Parameter(
        name="updated_since",
        read=read_moment,
        apply=equal("updated_at__gte"),
        about=_("Changed at this time or later."),
        schema={"type": "string", "format": "date-time"},
    ),
    Parameter(name="tag", read=read_tag, apply=tagged, about=_("The code of a tag.")),
    boolean_parameter(
        "double_hundred",
        apply=double_hundred,
        about=_("双百: 10 billion yuan or more invested, and as much expected output."),
    ),
    MineParameter(
        name="mine",
        apply=of_mine,
        about=_("true: projects that you are in charge of today, as leader or officer."),
        schema={"type": "boolean", "enum": [True]},
    ),
    search_projects(),
)

CHARGE_FILTERS: tuple[Parameter, ...] = (
    choice_parameter("role", Charge.Role.values, apply=equal("role")),
    date_parameter("on", apply=lambda rows, day: rows.holding(day), about=_("In charge on this day.")),
)

ATTACHMENT_FILTERS: tuple[Parameter, ...] = (
    choice_parameter("kind", Attachment.Kind.values, apply=equal("kind")),
)

TAG_FILTERS: tuple[Parameter, ...] = (search("name", "name_en", "code"),)

CEREMONY_FILTERS: tuple[Parameter, ...] = (
    district_parameter("district__path"),
    *day_range("held_on"),
    search("name"),
)

DISTRICT_FILTERS: tuple[Parameter, ...] = (
    district_parameter(None, "parent", about=_("A code; its children are meant."), apply=equal("parent")),
    choice_parameter("level", District.Level.values, apply=equal("level")),
    search("name", "name_en", "code"),
)

SECTOR_FILTERS: tuple[Parameter, ...] = (
    Parameter(name="scheme", apply=equal("scheme__code"), about=_("The code of a scheme.")),
    Parameter(
        name="parent", read=read_sector, apply=equal("parent"), about=_("A code; its parts are meant.")
    ),
    search("name", "name_en", "code"),
)

ORGANIZATION_FILTERS: tuple[Parameter, ...] = (
    Parameter(name="uscc", apply=equal("uscc"), about=_("The unified social credit code.")),
    choice_parameter("ownership", Ownership.values, apply=equal("ownership")),
    search("name", "name_en", "uscc"),
)

MILESTONE_FILTERS: tuple[Parameter, ...] = (
    Parameter(
        name="kind",
        read=read_choice(Kind.values),
        many=True,
        apply=equal("kind__in"),
        schema={"type": "string", "enum": list(Kind.values)},
    ),
)
