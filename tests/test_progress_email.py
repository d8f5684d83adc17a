"""The quarterly progress email: its figures are the totals, and both languages read well, whatever names hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from projects import services
from projects.models import District, Kind, LedgerEntry, LedgerSeal, Precision, Project
from tests import pages
from tests.mail import parts, read
from tests.makers import NOW, SHANGHAI, WAN, YI, make_huangpu, make_project, make_release, make_user, record
from tests.pages import signed_in
from tracking import cells
from tracking.deliveries import compose, plan_deliveries
from tracking.emails import progress_report, render
from tracking.emails.progress import PIPELINE, STAGES
from tracking.models import Delivery, Subscription
from tracking.moments import Moment
from tracking.totals import behind, totals, undated
from tracking.wording import day_as_known, percent, quarter_name, whole_months

pytestmark = pytest.mark.django_db

Q1 = "2023Q1"
APRIL = datetime(2023, 4, 1, 8, tzinfo=SHANGHAI)
MARCH = datetime(2023, 3, 30, 18, tzinfo=SHANGHAI)
JANUARY = date(2023, 1, 29)
LINK = "http://127.0.0.1:8000/?district=440112&amp;quarter=2023Q1"


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


class Reader(HTMLParser):
    """Reads HTML as a mail program does: its text, its tags, and whether they are closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.said)


def emails(district: District, language: str = "en", quarter: str = Q1) -> tuple[str, str, str]:
    """Subject, text, and what the HTML says."""
    cells.roll_up()
    subject, text, html = render(progress_report(district, quarter, APRIL), language)
    return subject, text.replace("\N{NO-BREAK SPACE}", " "), Reader(html).text


# --- Figures --------------------------------------------------------------------------------------------------------


def make_a_quarter(places: dict[str, District]) -> None:
    """Signed, started and completed, some without an amount, some undated, one suspended, one year before."""
    here, zone = places["440112"], places["440112-GDD"]
    make_project("一", district=here, total_investment=34 * YI, milestones={"signed": JANUARY})
    make_project("二", district=zone, total_investment=YI + 1, milestones={"signed": date(2023, 3, 31)})
    make_project("三", district=here, milestones={"signed": JANUARY, "started": JANUARY})
    make_project("四", district=here, total_investment=5 * YI, milestones={"completed": JANUARY})
    make_project("五", district=here, total_investment=2 * YI, milestones={"started": "unknown"})
    make_project("六", district=here, total_investment=17 * YI, milestones={"signed": date(2022, 2, 1)})
    stopped: dict[str, date | str] = {"started": date(2022, 2, 1), "suspended": date(2023, 2, 1)}
    make_project("七", district=here, total_investment=8 * YI, milestones=stopped)
    make_project("八", district=places["440113"], total_investment=99 * YI, milestones={"signed": JANUARY})
    make_project("九", district=here, total_investment=YI, milestones={"signed": date(2023, 4, 1)})
    cells.roll_up()


def test_every_figure_of_the_report_is_that_of_the_totals(places):
    make_a_quarter(places)
    here = places["440112"]

    report = progress_report(here, Q1, APRIL)

    assert [flow.total for flow in report.flows] == totals(here, [Q1], PIPELINE)
    assert [sums for _kind, sums in report.stock] == [total.stock for total in totals(here, [Q1], STAGES)]
    assert report.undated == undated(here, PIPELINE)
    assert report.suspended == totals(here, [Q1], [Kind.SUSPENDED])[0].stock
    assert (report.suspended.count, report.undated.count) == (1, 1)


def test_the_lists_are_the_projects_behind_the_totals(places):
    make_a_quarter(places)

    report = progress_report(places["440112"], Q1, APRIL)

    for flow in report.flows:
        listed = {step.project.pk for step in flow.projects}
        assert listed == {entry.project_id for entry in behind(places["440112"], Q1, flow.kind)}
        assert sum(step.investment or 0 for step in flow.projects) == (flow.total.entered.investment or 0)
        assert flow.more == 0
    assert [step.project.name for step in report.flows[0].projects] == ["一", "二", "三"]


@pytest.mark.parametrize("part", [1, 2])
def test_the_email_says_number_amount_known_comparison_and_year_to_date(places, part):
    make_a_quarter(places)

    said = " ".join(emails(places["440112"])[part].split())

    assert "3 projects" in said
    assert "35.00 亿元" in said
    assert "amount known for 2 of 3" in said
    assert "Year on year: number +200.0%, amount +105.9%" in said
    assert "Quarter on quarter: —" in said
    assert "Year to date: 3 projects, 35.00 亿元 (amount known for 2 of 3)" in said
    assert "Suspended, contained in the above: 1 project, 8.00 亿元" in said
    assert "Undated, in no quarter: 1 project, 2.00 亿元" in said


def test_the_subject_says_what_happened_where_and_when(places):
    make_a_quarter(places)

    english, chinese = (emails(places["440112"], language)[0] for language in ("en", "zh-hans"))

    assert english == "[Mingzhang] Huangpu, projects in Q1 2023: 3 signed, 1 started, 1 completed"
    assert chinese == "【明账】黄埔区 2023年第一季度项目进展：签约3个、开工1个、竣工1个"


def test_the_chinese_email_is_chinese(places):
    make_a_quarter(places)

    _subject, text, html = emails(places["440112"], "zh-hans")

    for said in (text, html):
        assert "35.00 亿元" in said
        assert "同比" in said
        assert "其中停建" in said
        assert not [word for word in ("Signed", "Year", "project", "amount", "Quarter") if word in said]


def test_only_the_largest_thirty_are_listed_with_a_link_to_the_rest(places):
    for number in range(33):
        make_project(
            f"第{number}号",
            district=places["440112"],
            total_investment=number * WAN or None,
            milestones={"signed": JANUARY},
        )

    _subject, text, html = emails(places["440112"])
    report = progress_report(places["440112"], Q1, APRIL)

    assert len(report.flows[0].projects) == 30
    assert report.flows[0].projects[0].project.name == "第32号"
    assert all("and 3 more" in said for said in (text, html))
    assert "33 projects" in html
    assert "第0号" not in text


def test_a_date_is_shown_as_exactly_as_it_is_known(places):
    project = make_project("月份", district=places["440112"])
    record(project, "signed", date(2023, 2, 1), precision=Precision.MONTH)

    _subject, text, _html = emails(places["440112"])

    assert "- 月份 | Huangpu | — | 2023-02\n" in text
    assert day_as_known(date(2023, 4, 1), "quarter") == "2023Q2"
    assert day_as_known(date(2023, 1, 1), "year") == "2023"
    assert day_as_known(None, "unknown") == "—"


# --- Behind plan ----------------------------------------------------------------------------------------------------


def plan(
    name: str, district: District, *, start: date | None = None, completion: date | None = None, **more: Any
) -> Any:
    """A project with plans."""
    project = make_project(name, district=district, **more)
    for kind, day in (("started", start), ("completed", completion)):
        if day:
            record(project, kind, planned_on=day)
    return project


def test_what_is_late_is_listed_with_the_longest_first(places):
    here = places["440112"]
    plan("起步晚", here, start=date(2022, 12, 31), completion=date(2023, 3, 1))
    plan("完工晚", here, completion=date(2022, 6, 30), milestones={"started": date(2021, 1, 1)})
    plan("刚过期", here, start=date(2023, 3, 31))
    plan("还没到", here, start=date(2023, 4, 1), completion=date(2024, 1, 1))
    plan("已开工", here, completion=date(2024, 1, 1), milestones={"started": date(2023, 1, 1)})
    plan("已投产", here, completion=date(2022, 1, 1), milestones={"in_production": JANUARY})
    plan("已终止", here, start=date(2022, 1, 1), milestones={"terminated": JANUARY})
    plan("别区的", places["440113"], start=date(2022, 1, 1))

    report = progress_report(here, Q1, APRIL)
    _subject, text, html = emails(here)

    assert [(late.project.name, late.kind, late.months) for late in report.late] == [
        ("完工晚", "completed", 9),
        ("起步晚", "started", 3),
        ("刚过期", "started", 0),
    ]
    for said in (text, html):
        assert "Behind plan on 2023-04-01 (3)" in said
        assert "completion planned for 2022-06-30" in said
        assert "9 months late" in said
        assert "less than a month late" in said


def test_a_step_that_happened_on_an_unknown_day_is_not_late(places):
    project = plan("日期不详", places["440112"], start=date(2022, 1, 1))
    milestone = project.milestones.get(kind="started")
    milestone.precision = Precision.UNKNOWN
    services.save_milestone(milestone, actor=None, at=NOW)

    assert progress_report(places["440112"], Q1, APRIL).late == ()


def test_what_does_not_count_is_not_late(places):
    project = plan("重复", places["440112"], start=date(2022, 1, 1))
    project.refresh_from_db()
    services.exclude_project(project, reason="duplicate", actor=None, at=NOW)

    assert progress_report(places["440112"], Q1, APRIL).late_count == 0


def test_only_thirty_that_are_late_are_listed(places):
    for number in range(32):
        plan(f"晚{number}", places["440112"], start=date(2022, 1, 1))

    report = progress_report(places["440112"], Q1, APRIL)

    assert (len(report.late), report.late_count, report.late_more) == (30, 32, 2)


# --- The moment at which it was written -------------------------------------------------------------------------------


def composed(places: dict[str, District], language: str = "en") -> tuple[str, str]:
    """Text and HTML of the mail about Huangpu's first quarter, as it is sent in April 2023."""
    user = make_user(f"reader-{language}", district=places["440112"])
    subscription = services.save_versioned(
        Subscription(
            user=user, email=f"{language}@example.org", district=places["440112"], language=language
        ),
        at=MARCH,
    )
    plan_deliveries(APRIL)
    delivery = Delivery.objects.select_related("subscription__district", "subscription__user").get(
        subscription=subscription
    )
    return parts(read(compose(delivery, APRIL).message().as_bytes()))


def make_a_recorded_quarter(places: dict[str, District]) -> None:
    """Two projects signed and one without a date, recorded before the mail is written."""
    here = places["440112"]
    make_project("甲", district=here, total_investment=3 * YI, milestones={"signed": JANUARY}, at=MARCH)
    make_project("乙", district=here, total_investment=4 * YI, milestones={"signed": JANUARY}, at=MARCH)
    make_project("丙", district=here, total_investment=YI, milestones={"started": "unknown"}, at=MARCH)


def correct_it_later(places: dict[str, District]) -> None:
    """What changes after the mail has been sent."""
    later = APRIL + timedelta(days=9)
    project = Project.objects.get(name="甲")
    project.total_investment = 8 * YI
    services.save_project(project, actor=None, at=later)
    make_project("补报", district=places["440112"], milestones={"signed": JANUARY}, at=later)
    milestone = Project.objects.get(name="丙").milestones.get()
    milestone.happened_on, milestone.precision = JANUARY, Precision.DAY
    services.save_milestone(milestone, actor=None, at=later)
    cells.roll_up()


def test_what_the_links_open_adds_up_to_what_the_mail_says_whenever_it_is_opened(places):
    make_a_recorded_quarter(places)
    _text, html = composed(places)
    correct_it_later(places)
    client = signed_in(make_user(superuser=True))

    links = [link.removeprefix("http://127.0.0.1:8000") for link in Reader(html).links]
    opened = {link: pages.read(client, link) for link in links if not link.startswith("/unsubscribe/")}

    [signed] = [page for link, page in opened.items() if "kind=signed&of=entered" in link]
    [undated] = [page for link, page in opened.items() if link.startswith("/undated/")]
    [start] = [page for link, page in opened.items() if link.startswith("/?")]
    assert "2 projects" in Reader(html).text
    assert signed.cells[:2] == ["2", "7.00"]
    assert undated.cells[:2] == ["1", "1.00"]
    assert "Projects signed 2 projects 7.00" in start.text
    assert all("as_of=2023-04-01T08%3A00%3A00%2B08%3A00" in link for link in opened)


def test_every_list_behind_a_mail_has_as_many_projects_as_the_mail_says(places):
    make_a_quarter(places)
    here, client = places["440112"], signed_in(make_user(superuser=True))
    moment = Moment(LedgerEntry.objects.latest("recorded_at").recorded_at)

    report = progress_report(here, Q1, APRIL, moment)
    links = Reader(render(report, "en")[2]).links

    for flow in report.flows:
        [link] = {link for link in links if f"kind={flow.kind}&of=entered" in link}
        page = pages.read(client, link.removeprefix("http://127.0.0.1:8000"))
        assert page.cells[0] == str(flow.total.entered.count)
    assert [flow.total for flow in report.flows] == totals(here, [Q1], PIPELINE)


def test_nothing_is_ever_dated_before_the_moment_of_a_mail_that_was_sent(places):
    make_a_recorded_quarter(places)
    composed(places)

    make_project(district=places["440112"], milestones={"signed": JANUARY}, at=MARCH)  # a clock that is late

    assert LedgerEntry.objects.latest("id").recorded_at > APRIL


def test_a_moment_still_to_come_is_never_sealed(places, monkeypatch):
    make_a_recorded_quarter(places)
    monkeypatch.setattr("tracking.deliveries.timezone.now", lambda: MARCH + timedelta(days=1))

    composed(places)

    assert LedgerSeal.objects.get().sealed_at == MARCH + timedelta(days=1)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Released 2023-03-31 18:00 for Huangpu (", "As released: 2 projects, 7.00 亿元"]),
        ("zh-hans", ["2023-03-31 18:00"]),
    ],
)
def test_a_mail_about_a_released_quarter_says_so_and_what_changed_since(places, language, said):
    make_a_recorded_quarter(places)
    release = make_release(places["440112"], at=MARCH + timedelta(days=1), provisional=True)
    project = Project.objects.get(name="甲")
    project.total_investment = 5 * YI
    services.save_project(project, actor=None, at=MARCH + timedelta(days=1, hours=1))

    text, html = composed(places, language)

    for words in (text.replace("\N{NO-BREAK SPACE}", " "), Reader(html).text):
        assert [part for part in said if part not in words] == []
        assert "+2.00" in words
    explained = [link for link in Reader(html).links if "/explain/" in link]
    assert len(explained) == 3
    assert all(f"from=release:{release.pk}&to=2023-04-01T08:00:00%2B08:00" in link for link in explained)
    client = signed_in(make_user(superuser=True))
    assert "甲" in pages.read(client, explained[0].removeprefix("http://127.0.0.1:8000")).text


# --- Reading it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "quiet", "on_time"),
    [
        ("en", "Nothing was signed, started or completed in this quarter.", "Nothing is behind plan."),
        ("zh-hans", "本季没有签约、开工或竣工的项目。", "没有落后于计划的项目。"),
    ],
)
def test_an_empty_quarter_reads_well(places, language, quiet, on_time):
    subject, text, html = emails(places["440112"], language)

    assert "0" in subject
    for said in (text, html):
        assert quiet in said
        assert on_time in said
        assert "None" not in said


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_names_are_text_and_never_html(places, language):
    name = '<script>alert(1)</script> & "楼" {{ 1 }} <img src=x onerror=y>'
    make_project(name, name_en=name, district=places["440112"], milestones={"signed": JANUARY})
    plan(f"晚{name}", places["440112"], start=date(2022, 1, 1))
    cells.roll_up()

    _subject, text, html = render(progress_report(places["440112"], Q1, APRIL), language)
    read = Reader(html)

    assert name in text
    assert not read.tags & {"script", "img"}
    assert "onerror" not in read.attributes
    assert read.text.count("<script>alert(1)</script>") == 2


def test_the_html_needs_nothing_from_outside(places):
    make_a_quarter(places)

    _subject, _text, html = render(progress_report(places["440112"], Q1, APRIL), "en")
    read = Reader(html)

    assert not read.tags & {"script", "img", "link", "style", "form", "iframe", "input"}
    assert not read.attributes & {"src", "class", "onclick", "background"}
    assert all(link.startswith("http://127.0.0.1:8000/") for link in read.links)
    assert LINK in html


def test_links_begin_with_the_public_address(places, settings):
    settings.PUBLIC_URL = "https://projects.example.org"

    _subject, text, html = render(progress_report(places["440112"], Q1, APRIL), "en")

    assert "https://projects.example.org/?district=440112&quarter=2023Q1" in text
    assert "127.0.0.1" not in text + html


def test_no_name_can_add_a_header(places):
    user = make_user("reader", district=places["440112"])
    subscription = services.save_versioned(
        Subscription(user=user, email="reader@example.org", district=places["440112"], language="en"), at=NOW
    )
    District.objects.filter(pk=subscription.district_id).update(name_en="Huangpu\r\nBcc: spy@example.org")
    plan_deliveries(APRIL)
    delivery = Delivery.objects.select_related("subscription__district", "subscription__user").get()

    message = read(compose(delivery, APRIL).message().as_bytes())

    assert message["Bcc"] is None
    assert message["To"] == "reader@example.org"
    assert message["Subject"].startswith("[Mingzhang] Huangpu Bcc: spy@example.org, projects")


def test_a_report_costs_the_same_with_many_projects(places, django_assert_max_num_queries):
    for number in range(40):
        plan(f"晚{number}", places["440112"], start=date(2022, 1, 1), milestones={"signed": JANUARY})
    cells.roll_up()

    with django_assert_max_num_queries(8):
        render(progress_report(places["440112"], Q1, APRIL), "zh-hans")


def test_words_for_figures():
    assert [percent(value) for value in (0.125, -0.2, 0.0, 12.345, None)] == [
        "+12.5%",
        "−20.0%",
        "0.0%",
        "+1,234.5%",
        "—",
    ]
    assert quarter_name("2023Q4").endswith(("2023", "2023年第四季度"))
    assert whole_months(date(2022, 12, 31), date(2023, 3, 31)) == 3
    assert whole_months(date(2023, 1, 31), date(2023, 2, 28)) == 0
