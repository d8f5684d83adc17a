"""What the figures of a district, quarter and kind of milestone mean."""

from tracking.definitions.base import FIGURES, MONEY, RECORD, Definition, Measured

DEFINITIONS = (
    Definition(
        id="entered",
        version=1,
        name_zh="本季",
        name_en="In the quarter",
        formula_zh=(
            "本区划（含下级）计入统计的项目中，该节点发生在本季度的项目个数及其金额合计。"
            "按实际日期归季，计划日期不计。"
        ),
        formula_en=(
            "Countable projects of the district and everything below it whose milestone of this kind "
            "happened in the quarter: their number and sums. The actual date decides, never a planned "
            "one."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="left",
        version=1,
        name_zh="转出",
        name_en="Left",
        formula_zh=(
            "在本季度进入下一个有日期的阶段、从而离开本阶段的项目个数及其金额合计。停建的转出为复工或终止。"
        ),
        formula_en=(
            "Projects that went on to their next dated stage in the quarter and so left this one: "
            "their number and sums. A suspension is left by resuming or terminating."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="stock",
        version=1,
        name_zh="在库",
        name_en="In stock",
        formula_zh=(
            "本季度最后一天处于该阶段的项目：上季末在库 + 本季 − 转出，精确到元。"
            "只经过而不停留的节点（注册、入库、复工）没有在库数。停建项目仍计入所处阶段。"
        ),
        formula_en=(
            "Projects in this stage on the quarter's last day: stock of the quarter before + entered "
            "− left, to the yuan. Kinds that a project only passes (company registered, enrolled, "
            "resumed) have no stock. Suspended projects stay in the stock of their stage."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="ytd",
        version=1,
        name_zh="累计",
        name_en="Year to date",
        formula_zh="本年第一季度至本季度各季“本季”数之和。",
        formula_en="The sum of what entered from the year's first quarter up to this one.",
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="yoy",
        version=1,
        name_zh="同比",
        name_en="Year on year",
        formula_zh="本季数 ÷ 上年同季数 − 1。上年同季为 0 或未知时不计算。",
        formula_en=(
            "What entered in the quarter ÷ what entered in the same quarter a year before − 1. Blank "
            "where that is 0 or not known."
        ),
        unit=Measured.CHANGE,
        reference=FIGURES,
    ),
    Definition(
        id="qoq",
        version=1,
        name_zh="环比",
        name_en="Quarter on quarter",
        formula_zh="本季数 ÷ 上季数 − 1。上季为 0 或未知时不计算。",
        formula_en=(
            "What entered in the quarter ÷ what entered in the quarter before − 1. Blank where that "
            "is 0 or not known."
        ),
        unit=Measured.CHANGE,
        reference=FIGURES,
    ),
    Definition(
        id="undated",
        version=1,
        name_zh="日期待补",
        name_en="Without a date",
        formula_zh=(
            "已经发生、但不知道在哪个季度（只知年份或日期不详）的节点个数及其金额。不计入任何季度，"
            "也不影响在库，在各项合计旁单列，待补。"
        ),
        formula_en=(
            "Milestones that happened but whose quarter is not known (only the year, or nothing): "
            "their number and sums. They enter no quarter and move no stock; they stand beside every "
            "total as a list to chase."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="suspended_in_stock",
        version=1,
        name_zh="其中停建",
        name_en="Of which suspended",
        formula_zh=("本季度最后一天已停建且尚未复工、也未终止的项目；已包含在所处阶段的在库数中，不另加。"),
        formula_en=(
            "Projects that on the quarter's last day are suspended, neither resumed nor terminated. "
            "They are part of the stock of their stage and are not added to it."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="carried_over",
        version=1,
        name_zh="续建",
        name_en="Carried over",
        formula_zh="季度开始时已开工、尚未竣工的项目，即上季末“开工”阶段在库数。",
        formula_en=(
            "Projects under construction when the quarter began: the stock of the stage “started” at "
            "the end of the quarter before."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="carried_over_year",
        version=1,
        name_zh="续建（年度）",
        name_en="Carried over into the year",
        formula_zh="年初已开工、尚未竣工的项目，即上年第四季度末“开工”阶段在库数。",
        formula_en=(
            "Projects under construction when the year began: the stock of the stage “started” at the "
            "end of the fourth quarter of the year before."
        ),
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="start_or_resume",
        version=1,
        name_zh="开复工",
        name_en="Started or carried on",
        formula_zh="本季新开工 + 本季续建。",
        formula_en="New starts of the quarter + projects carried over into it.",
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="start_or_resume_year",
        version=1,
        name_zh="开复工（年度）",
        name_en="Started or carried on in the year",
        formula_zh="本年累计新开工 + 年初续建。",
        formula_en="New starts of the year to date + projects carried over into the year.",
        unit=Measured.NUMBER_AND_SUMS,
        reference=FIGURES,
    ),
    Definition(
        id="size_band",
        version=1,
        name_zh="投资规模分档（互斥）",
        name_en="Size band (exclusive)",
        formula_zh=(
            "按统计时的计划总投资归入且仅归入一档：含下限，不含上限。金额未知的单列。分档由数据设定，"
            "过去时点用当时的分档。"
        ),
        formula_en=(
            "Each project stands in exactly one band by the investment that counted: lower bound "
            "included, upper bound not. Unknown amounts stand apart. Bands are data; a past moment is "
            "shown with the bands of its time."
        ),
        unit=Measured.RULE,
        reference=FIGURES,
    ),
    Definition(
        id="size_threshold",
        version=1,
        name_zh="投资规模门槛（包含）",
        name_en="Size threshold (nested)",
        formula_zh=(
            "计划总投资不低于门槛的项目，如“10亿元及以上”。门槛相互包含："
            "50亿元及以上的项目也在10亿元及以上之中，不能相加。金额未知的不计入。"
        ),
        formula_en=(
            "Projects with an investment of the threshold or more, as “1 billion yuan and more”. "
            "Thresholds are nested: what reaches 5 billion is in 1 billion and more, too, so they "
            "must not be added. An unknown amount reaches none."
        ),
        unit=Measured.RULE,
        reference=FIGURES,
    ),
    Definition(
        id="output_or_revenue",
        version=1,
        name_zh="产值与营收合计",
        name_en="Output, else revenue",
        formula_zh=(
            "逐个项目取预计达产年产值；产值未知而预计年营业收入已知的取营业收入；然后求和。两者都未知的不计。"
        ),
        formula_en=(
            "For each project the expected annual output, or the expected annual revenue where only "
            "that is known; then the sum. Projects with neither add nothing."
        ),
        unit=Measured.YUAN,
        reference=MONEY,
    ),
    Definition(
        id="with_amount",
        version=1,
        name_zh="金额已知个数",
        name_en="Amounts known",
        formula_zh=(
            "合计所含项目中该项金额已知的个数。金额合计只加已知金额；一个都不知道时，合计为空，不是 0。"
        ),
        formula_en=(
            "How many of the projects in a sum have a known amount. A sum adds the known amounts; "
            "where none is known it is blank, not 0."
        ),
        unit=Measured.NUMBER,
        reference=MONEY,
    ),
    Definition(
        id="countable",
        version=1,
        name_zh="计入统计",
        name_en="Countable",
        formula_zh="未作废、未剔除、且没有分期子项目的项目。有分期的只计各分期，不计母项目。",
        formula_en=(
            "A project that is not void, not excluded and has no phases. Of a project with phases the "
            "phases count, the parent does not."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="completed_investment",
        version=1,
        name_zh="完成投资",
        name_en="Completed investment",
        formula_zh=(
            "本季度末累计完成投资 − 上季度末累计完成投资，取各时点或之前最近一期已审核的进展月报。"
            "累计数本身不跨期相加。待进展月报启用后计算。"
        ),
        formula_en=(
            "Investment completed to date at the quarter's end − that at the end of the quarter "
            "before, each from the latest approved monthly report in or before it. The figure to date "
            "is never summed over time. Waits for monthly reports."
        ),
        unit=Measured.YUAN,
        reference=MONEY,
    ),
)
