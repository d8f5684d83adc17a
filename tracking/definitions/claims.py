"""What is held beside the records: claims of bulletins, and targets."""

from tracking.definitions.base import CLAIMS, Definition, Measured

DEFINITIONS = (
    Definition(
        id="gap",
        version=1,
        name_zh="差距",
        name_en="Gap",
        formula_zh=(
            "台账数 − 公布数，单位与公布数相同（百分数相减为百分点）。含义不唯一的公布数不比较，"
            "显示为尚无记录。"
        ),
        formula_en=(
            "Recorded − claimed, in the unit of the claim (of percentages: points). A claim whose "
            "words have several meanings is not compared and shows as not recorded yet."
        ),
        unit=Measured.RULE,
        reference=CLAIMS,
    ),
    Definition(
        id="approximate",
        version=1,
        name_zh="约数相符",
        name_en="Approximate claims",
        formula_zh=(
            "公布数带“约”的，或为百分数的，台账数四舍五入到公布数的末位后与之相等，即为约数之内相符。"
        ),
        formula_en=(
            "A claim that says “about” (约), or a percentage, is met within rounding where the recorded "
            "value, rounded to the last printed digit, equals it."
        ),
        unit=Measured.RULE,
        reference=CLAIMS,
    ),
    Definition(
        id="target_completion",
        version=1,
        name_zh="完成率",
        name_en="Completion of a target",
        formula_zh=(
            "累计实际数 ÷ 年度目标数。例：目标 800,000 万元，10 月底实际 1,005,136 万元，完成率 125.64%。"
        ),
        formula_en=(
            "Actual to date ÷ target of the year. Example: 1,005,136 of 800,000 (10,000 yuan) is 125.64 %."
        ),
        unit=Measured.SHARE,
        reference=CLAIMS,
    ),
    Definition(
        id="target_lead",
        version=1,
        name_zh="超进度",
        name_en="Lead on a target",
        formula_zh=(
            "完成率 − 本年已过时间占全年的比例（按月）。例：10 月底完成率 125.64%，时间进度 83.33%，"
            "超进度 42.31 个百分点。"
        ),
        formula_en=(
            "Completion − the share of the year that has passed, by months. Example: 125.64 % at the "
            "end of October, when 83.33 % of the year has passed, is a lead of 42.31 points."
        ),
        unit=Measured.POINTS,
        reference=CLAIMS,
    ),
)
