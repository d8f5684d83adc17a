"""What the rates, lead times and comparisons with the plan mean."""

from tracking.definitions.base import COHORTS, Definition, Measured

DEFINITIONS = (
    Definition(
        id="started_within",
        version=1,
        name_zh="签约后按期开工率",
        name_en="Started within months of signing",
        formula_zh=(
            "同一季度签约的项目中，签约后 3、6、12、18 个月内开工的个数 ÷ 该季度签约个数。"
            "期限尚未届满的批次留空，不作为 0。日期过粗、无法判断的另列，不计入分子。"
        ),
        formula_en=(
            "Of the projects signed in one quarter: those started within 3, 6, 12 or 18 months of "
            "signing ÷ all that were signed. Blank, not low, where the months are not over for the "
            "whole quarter. What dates are too coarse to tell is counted apart and not in the "
            "numerator."
        ),
        unit=Measured.SHARE,
        reference=COHORTS,
    ),
    Definition(
        id="completed_within",
        version=1,
        name_zh="签约后按期竣工率",
        name_en="Completed within months of signing",
        formula_zh=(
            "同一季度签约的项目中，签约后 24、36 个月内竣工的个数 ÷ 该季度签约个数。"
            "期限尚未届满的批次留空，不作为 0。日期过粗、无法判断的另列，不计入分子。"
        ),
        formula_en=(
            "Of the projects signed in one quarter: those completed within 24 or 36 months of signing "
            "÷ all that were signed. Blank, not low, where the months are not over for the whole "
            "quarter. What dates are too coarse to tell is counted apart and not in the numerator."
        ),
        unit=Measured.SHARE,
        reference=COHORTS,
    ),
    Definition(
        id="performance_rate",
        version=1,
        name_zh="履约率",
        name_en="Performance rate",
        formula_zh=(
            "已履约项目个数 ÷ 签约项目个数。已履约：签约项目的项目公司已注册，"
            "或已到达开工及以后任一阶段。终止的项目仍在分母中。"
        ),
        formula_en=(
            "Performed ÷ signed projects. Performed: signed projects whose company is registered or "
            "that reached any later stage from the start of works on. Terminated projects stay in the "
            "denominator."
        ),
        unit=Measured.SHARE,
        reference=COHORTS,
    ),
    Definition(
        id="start_rate",
        version=1,
        name_zh="开工率",
        name_en="Start rate",
        formula_zh=("签约项目中已开工（或已到达以后任一阶段）的个数 ÷ 签约项目个数。终止的项目仍在分母中。"),
        formula_en=(
            "Signed projects that have started (or reached any later stage) ÷ signed projects. "
            "Terminated projects stay in the denominator."
        ),
        unit=Measured.SHARE,
        reference=COHORTS,
    ),
    Definition(
        id="production_rate",
        version=1,
        name_zh="投产率",
        name_en="Production rate",
        formula_zh="签约项目中已投产或达产的个数 ÷ 签约项目个数。终止的项目仍在分母中。",
        formula_en=(
            "Signed projects in production or at capacity ÷ signed projects. Terminated projects stay "
            "in the denominator."
        ),
        unit=Measured.SHARE,
        reference=COHORTS,
    ),
    Definition(
        id="funds_rate",
        version=1,
        name_zh="资金到位率",
        name_en="Funds in place",
        formula_zh="到位资金 ÷ 协议投资额，均以元计。到位资金来自进展月报。",
        formula_en=(
            "Funds in place ÷ funds agreed, both in whole yuan. Funds in place come from the monthly reports."
        ),
        unit=Measured.SHARE,
        reference=COHORTS,
    ),
    Definition(
        id="lead_time_median",
        version=1,
        name_zh="用时中位数",
        name_en="Lead time, median",
        formula_zh=(
            "签约至开工、开工至竣工的天数由少到多排列，取最近秩第 50 百分位："
            "至少一半项目不超过的最小天数。只计前后两个日期都精确到日的项目。"
        ),
        formula_en=(
            "The days from signing to start, or from start to completion, in order: the 50th "
            "percentile by nearest rank, the fewest days that at least half of the projects do not "
            "exceed. Only where both days are known."
        ),
        unit=Measured.DAYS,
        reference=COHORTS,
    ),
    Definition(
        id="lead_time_p90",
        version=1,
        name_zh="用时第90百分位",
        name_en="Lead time, 90th percentile",
        formula_zh=(
            "签约至开工、开工至竣工的天数由少到多排列，取最近秩第 90 百分位："
            "至少九成项目不超过的最小天数。只计前后两个日期都精确到日的项目。"
        ),
        formula_en=(
            "The days from signing to start, or from start to completion, in order: the 90th "
            "percentile by nearest rank, the fewest days that at least nine in ten projects do not "
            "exceed. Only where both days are known."
        ),
        unit=Measured.DAYS,
        reference=COHORTS,
    ),
    Definition(
        id="ahead_of_plan",
        version=1,
        name_zh="比计划提前天数",
        name_en="Days ahead of plan",
        formula_zh=(
            "首次计划日期 − 实际日期（天）；正数为提前，负数为滞后。首次计划一经登记不再改变。"
            "只计实际日期精确到日的项目。"
        ),
        formula_en=(
            "First planned date − actual date, in days: positive is ahead, negative behind. The first "
            "plan is kept for ever. Only where the actual day is known."
        ),
        unit=Measured.DAYS,
        reference=COHORTS,
    ),
    Definition(
        id="on_plan",
        version=1,
        name_zh="按期情况",
        name_en="Against the plan",
        formula_zh=(
            "开工、竣工按发生的季度，与首次计划比较：早于计划为提前；恰为计划日，或计划日在所知的月份、季度之内，为按期；"
            "晚于计划为滞后。没有计划的、没有日期的分别单列。"
        ),
        formula_en=(
            "Starts and completions of a quarter beside their first plan: ahead of it; on time, on the "
            "planned day or where the planned day lies in the month or quarter that is known; delayed. "
            "Those without a plan and those without a date are counted apart."
        ),
        unit=Measured.NUMBER,
        reference=COHORTS,
    ),
    Definition(
        id="delay_band",
        version=1,
        name_zh="滞后时长分档",
        name_en="Bands of delay",
        formula_zh=(
            "滞后 1–12、13–24、25–60、60 个月以上的项目个数。不足一个月按一个月计；只知月份、季度的，以其第一天为准。"
        ),
        formula_en=(
            "How many were delayed by 1–12, 13–24, 25–60 and over 60 months. A month that has begun counts "
            "whole; of a month or quarter its first day counts."
        ),
        unit=Measured.NUMBER,
        reference=COHORTS,
    ),
)
