"""What moments, releases and changes of figures mean, and on which divisions they are shown."""

from tracking.definitions.base import CAUSES, DIVISIONS, MOMENTS, Definition, Measured


def _cause(cause: str, name_zh: str, name_en: str, formula_zh: str, formula_en: str) -> Definition:
    return Definition(
        id=f"cause_{cause}",
        version=1,
        name_zh=name_zh,
        name_en=name_en,
        formula_zh=formula_zh,
        formula_en=formula_en,
        unit=Measured.RULE,
        reference=CAUSES,
    )


DEFINITIONS = (
    Definition(
        id="as_of",
        version=1,
        name_zh="截至某时点",
        name_en="As of a moment",
        formula_zh=(
            "只用该时点已经登记、且当时有效的记录计算，与当时查询的结果完全一致；以后的补报和更正不影响。"
        ),
        formula_en=(
            "From what was recorded by that moment and held then: exactly what was answered at the "
            "time. What was reported or corrected later does not count."
        ),
        unit=Measured.RULE,
        reference=MOMENTS,
    ),
    Definition(
        id="release",
        version=1,
        name_zh="发布",
        name_en="Release",
        formula_zh=(
            "将一个区划（含下级）一个季度的数据按某一时点固定下来，此后永不改变。"
            "同一季度再次发布为修订，注明所修订的版本。季度结束前的发布标明为初步数。"
        ),
        formula_en=(
            "A quarter's figures of a district and everything below it, fixed as they were at one "
            "moment, for ever. Releasing the quarter again is a revision and names what it revises. "
            "Before the quarter's end a release is marked provisional."
        ),
        unit=Measured.RULE,
        reference=MOMENTS,
    ),
    Definition(
        id="explain",
        version=1,
        name_zh="差异说明",
        name_en="Explained change",
        formula_zh=(
            "两个时点之间同一数值之差，逐项目列出原因、经办人、时间及前后数值；各项之和等于总差，没有余数。"
        ),
        formula_en=(
            "The difference of one figure between two moments, project by project with cause, person, "
            "time, before and after. The parts add up to the difference; nothing remains."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=MOMENTS,
    ),
    Definition(
        id="audit_difference",
        version=1,
        name_zh="不一致",
        name_en="Difference found by an audit",
        formula_zh=(
            "每夜用另一套程序由节点重新计算：台账或已存合计与之不同的数值，"
            "以及与发布时指纹不符的发布。应为 0；只列出，不自动改正。"
        ),
        formula_en=(
            "Every night all figures are recomputed from the milestones by other code: a figure of "
            "the ledger or of a stored total that differs, or a release that no longer has its "
            "fingerprint. 0 is expected; differences are listed and never repaired silently."
        ),
        unit=Measured.NUMBER,
        reference=MOMENTS,
    ),
    Definition(
        id="divisions_recorded",
        version=1,
        name_zh="按登记时区划",
        name_en="Divisions as recorded",
        formula_zh=(
            "项目计入其登记所在的区划。发布、差异说明、公布数核对、签约批次、邮件和数据包都按此口径。"
        ),
        formula_en=(
            "Every project counts in the district in which it was recorded. Releases, explained changes, "
            "claims, cohorts, emails and packages are on these divisions."
        ),
        unit=Measured.RULE,
        reference=DIVISIONS,
    ),
    Definition(
        id="divisions_now",
        version=1,
        name_zh="按现行区划",
        name_en="Divisions of now",
        formula_zh=(
            "撤并、更名的区划，其全部历史数据计入现在承接它的区划，各季度可比。拆分的区划保留原样，"
            "待逐项目认定。"
        ),
        formula_en=(
            "Everything that was recorded in a district that was merged or renamed counts in the "
            "district that holds it today, so that quarters compare. A district that was split stays "
            "as it is until its projects are placed anew."
        ),
        unit=Measured.RULE,
        reference=DIVISIONS,
    ),
    Definition(
        id="divisions_then",
        version=1,
        name_zh="按当时区划",
        name_en="Divisions of then",
        formula_zh="每个季度的数据计入该季度末的区划，与当时公布的口径一致。",
        formula_en=(
            "Each quarter's figures count in the districts as they were at its end, as they were "
            "published then."
        ),
        unit=Measured.RULE,
        reference=DIVISIONS,
    ),
    _cause(
        "reported",
        "正常上报",
        "Reported",
        "节点发生的季度结束之前登记。",
        "Recorded before the quarter in which it happened had ended.",
    ),
    _cause(
        "reported_late",
        "补报",
        "Reported late",
        "节点发生的季度结束之后才登记。",
        "Recorded after the quarter in which it happened had ended.",
    ),
    _cause(
        "amount_corrected",
        "金额更正",
        "Amount corrected",
        "计划总投资、预计产值或预计营业收入改变。",
        "The investment, expected output or expected revenue changed.",
    ),
    _cause(
        "date_moved",
        "日期变更",
        "Date moved",
        "节点的实际日期或其精确程度改变，包括补上日期。",
        ("The actual date or how exactly it is known changed; a date that was missing was given."),
    ),
    _cause(
        "stage_moved",
        "阶段推进",
        "Stage moved",
        "项目进入下一阶段，因而离开了原阶段。",
        "The project went on to its next stage and so left the one before.",
    ),
    _cause(
        "district_moved",
        "区划变更",
        "District moved",
        "项目改属另一区划。",
        "The project came to lie in another district.",
    ),
    _cause(
        "sector_moved",
        "产业变更",
        "Sector moved",
        "项目的主要产业改变。",
        "The project's main sector changed.",
    ),
    _cause(
        "reclassified",
        "类型或所有制变更",
        "Type or ownership changed",
        "项目类型或投资主体所有制改变。",
        "The project's type or ownership changed.",
    ),
    _cause(
        "excluded",
        "剔除",
        "Excluded",
        "项目注明原因后不再计入统计。",
        "The project no longer counts, for a reason that is given.",
    ),
    _cause(
        "included",
        "恢复计入",
        "Counted again",
        "已剔除或作废的项目重新计入统计。",
        "A project that was excluded or void counts again.",
    ),
    _cause(
        "split",
        "分期",
        "Split into phases",
        "项目登记了分期，改由各分期计入统计。",
        "The project got phases, which count instead of it.",
    ),
    _cause(
        "withdrawn",
        "节点撤回",
        "Milestone withdrawn",
        "已登记的节点被撤回。",
        "A recorded milestone was taken back.",
    ),
    _cause(
        "merged",
        "合并重复项目",
        "Duplicates merged",
        "同一项目登记了两次：保留其中一个，所缺内容由另一个补入，另一个作废。",
        "The same project was recorded twice: one is kept and takes over what it lacks, the other is void.",
    ),
    _cause(
        "voided",
        "作废",
        "Voided",
        "整个项目登记有误，作废。",
        "The whole project was recorded by mistake and is void.",
    ),
    _cause(
        "plan_recorded",
        "登记首次计划",
        "First plan recorded",
        "节点的首次计划日期被登记；数值不变。",
        "The first planned date of a milestone was recorded; no figure changes.",
    ),
)
