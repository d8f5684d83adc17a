"""What each kind of milestone counts from."""

from tracking.definitions.base import RECORD, Definition, Measured

DEFINITIONS = (
    Definition(
        id="negotiating",
        version=1,
        name_zh="在谈",
        name_en="Negotiating",
        formula_zh="自首次登记洽谈之日起计。是一个阶段。",
        formula_en="Counts from the first registered contact. A stage.",
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="framework_signed",
        version=1,
        name_zh="签框架",
        name_en="Framework agreement signed",
        formula_zh="签订战略合作或意向协议。只作记录，不是阶段，任何合计都不计。",
        formula_en=("An agreement of strategy or intent. It is recorded, is no stage, and enters no total."),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="signed",
        version=1,
        name_zh="签约",
        name_en="Signed",
        formula_zh="签订正式投资协议之日。是一个阶段。",
        formula_en="The day of the formal investment agreement. A stage.",
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="registered",
        version=1,
        name_zh="注册",
        name_en="Company registered",
        formula_zh="项目公司登记注册之日。不改变阶段，只有本季数，没有在库数。",
        formula_en=(
            "The day on which the project company is registered. It moves no stage: it has a flow and "
            "no stock."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="started",
        version=1,
        name_zh="开工",
        name_en="Started",
        formula_zh=(
            "永久性工程正式破土动工（含打桩）之日；场地平整、勘察、拆迁不算开工。没有土建工程的，"
            "以设备开始安装之日为准。是一个阶段。"
        ),
        formula_en=(
            "The day on which permanent works break ground, piling included; site clearing, surveys "
            "and demolition do not count. Without civil works, the day on which installation begins. "
            "A stage."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="enrolled",
        version=1,
        name_zh="入库（纳统）",
        name_en="Enrolled in statistics",
        formula_zh=(
            "统计部门将项目纳入统计库之日（计划总投资 500 万元及以上）。不改变阶段，只有本季数，没有在库数。"
        ),
        formula_en=(
            "The day on which the statistics bureau enrols the project (total investment of 5 million "
            "yuan or more). It moves no stage: it has a flow and no stock."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="completed",
        version=1,
        name_zh="竣工",
        name_en="Completed",
        formula_zh="工程建成并通过验收之日。是一个阶段。",
        formula_en="The day on which it is built and accepted. A stage.",
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="in_production",
        version=1,
        name_zh="投产",
        name_en="In production",
        formula_zh="正式投入生产之日。是一个阶段。",
        formula_en="The day on which it formally goes into production. A stage.",
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="at_capacity",
        version=1,
        name_zh="达产",
        name_en="At capacity",
        formula_zh="达到设计产能之日。是一个阶段。",
        formula_en="The day on which it reaches its designed output. A stage.",
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="suspended",
        version=1,
        name_zh="停建",
        name_en="Suspended",
        formula_zh=("工程停止建设之日，须注明原因。不是阶段：项目仍在所处阶段的在库数中，另计为其中停建。"),
        formula_en=(
            "The day on which works stop, with a reason. It is no stage: the project stays in the "
            "stock of its stage and is shown as suspended beside it."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="resumed",
        version=1,
        name_zh="复工",
        name_en="Resumed",
        formula_zh="停建项目恢复建设之日。不改变阶段，只有本季数，没有在库数。",
        formula_en=(
            "The day on which a suspended project goes on. It moves no stage: it has a flow and no stock."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
    Definition(
        id="terminated",
        version=1,
        name_zh="终止",
        name_en="Terminated",
        formula_zh="项目终止之日，须注明原因。是最后一个阶段，项目记录永久保留。",
        formula_en=(
            "The day on which the project is given up, with a reason. The last stage; its record is "
            "kept for ever."
        ),
        unit=Measured.RULE,
        reference=RECORD,
    ),
)
