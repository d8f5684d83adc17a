"""Words that head the columns of bureaus' workbooks, and other words for choices; one meaning each, without spaces."""

WORDS: dict[str, str] = {
    "code": "编号 项目序号 内部编号 项目编码 编码",
    "approval_code": (
        "项目代码 国家项目代码 项目代码(国家) 审批代码 项目审批代码 项目统一代码 统一项目代码 "
        "在线审批代码 备案代码 项目备案代码 投资项目代码 固定资产投资项目代码 approval_code "
        "approvalcode"
    ),
    "name": "项目名称 项目名 项目 工程名称 projectname project projecttitle",
    "name_en": "项目英文名称 英文名 nameinenglish",
    "district": (
        "所在区 所属区 区县 县区 区(县) 县(区) 区域 属地 所在地 项目所在地 所属区域 所在区域 所在区县 "
        "所属区县 所在县区 县市区 县(市、区) 县(市区) 区划代码 行政区划 所属地区 地区 落户地 落地区域 "
        "归属地 所在地区 园区 所属园区 district_code area county districtcode"
    ),
    "sector": (
        "行业 所属行业 所属产业 产业类别 产业领域 行业类别 产业链 所属产业链 主导产业 产业分类 "
        "行业分类 产业集群 sector_code industry"
    ),
    "project_type": "类型 项目类别 类别 项目性质 type category",
    "ownership": "所有制性质 企业性质 投资主体性质 投资方性质 经济类型 投资性质 单位性质",
    "investors": "投资主体 投资企业 投资单位 投资商 投资者 投资人 投资公司 出资方 引进企业 签约企业 investor",
    "tags": "项目标签 tag labels",
    "parent": "所属项目 上级项目 母项目 总项目 parent_code parentproject",
    "phase": "分期 期数 项目期次 建设期次",
    "total_investment": (
        "总投资 总投资额 投资总额 项目总投资 投资额 投资金额 计划投资 计划总投资额 计划投资额 "
        "计划投资总额 协议投资额 协议投资 协议总投资 协议投资总额 签约金额 签约投资额 合同投资额 "
        "合同金额 投资规模 总投资规模 项目投资额 投资总规模 投资 investment amount"
    ),
    "investment_estimated": "是否估计 投资为估计数 约数",
    "fixed_asset_investment": "固定资产投资额 固投 固投额 固定资产 fixedassets",
    "expected_output": (
        "预计年产值 达产年产值 达产产值 年产值 预计产值 产值 预计达产产值 达产后年产值 "
        "预计达产后年产值 预期产值 output annualoutput"
    ),
    "expected_revenue": (
        "年营业收入 营业收入 年营收 营收 预计营收 预计年营收 预计营业收入 年销售收入 销售收入 revenue "
        "annualrevenue"
    ),
    "expected_tax": (
        "年税收 税收 预计税收 年纳税 年纳税额 预计年纳税 预计年纳税额 纳税 税收贡献 年税收贡献 tax annualtax"
    ),
    "expected_jobs": (
        "预计就业 就业 就业人数 预计就业人数 带动就业 新增就业 带动就业人数 用工人数 吸纳就业 jobs employment"
    ),
    "land_area_mu": "用地 用地面积 占地 占地面积 用地规模 土地面积 landarea landareamu",
    "floor_area_m2": "总建筑面积 建筑面积 建设面积 floorarea floorarea(m2) floorareasqm",
    "currency": "币种 外币币种 原币 currency",
    "original_amount": "外币金额 原币投资额",
    "exchange_rate": "折算汇率 rate",
    "planned_start_on": (
        "计划开工时间 计划开工日期 拟开工时间 拟开工日期 拟开工 预计开工时间 预计开工日期 预计开工 "
        "计划动工时间 开工/计划 开工时间/计划 开工/计划时间 plannedstartdate"
    ),
    "planned_completion_on": (
        "计划竣工时间 计划竣工日期 拟竣工时间 预计竣工时间 预计竣工日期 预计竣工 计划完工时间 "
        "计划完工 预计完工时间 拟完工时间 竣工/计划 竣工时间/计划 竣工/计划时间 plannedcompletiondate"
    ),
    "negotiating_on": "在谈日期 在谈时间 洽谈时间 首谈时间 首次洽谈时间",
    "framework_signed_on": "签框架日期 框架协议签订时间 框架协议签约时间 签框架时间 意向签约时间",
    "signed_on": (
        "签约时间 签约 签约日 正式签约时间 签约年月 实际签约时间 协议签订时间 合同签订时间 签订时间 "
        "签订日期 签约/实际 signed signingdate datesigned signeddate"
    ),
    "registered_on": "注册日期 注册时间 注册登记时间 工商注册时间 公司注册时间",
    "started_on": (
        "开工时间 开工 动工时间 动工日期 实际开工时间 实际开工日期 实际开工 开工年月 动工 开工/实际 "
        "开工时间/实际 开工/实际时间 started startdate datestarted constructionstart"
    ),
    "enrolled_on": "入库日期 入库时间 纳统时间 纳统日期 入统时间 入库(纳统)时间",
    "completed_on": (
        "竣工时间 竣工 完工时间 完工日期 实际竣工时间 实际竣工日期 实际竣工 竣工年月 竣工/实际 "
        "竣工时间/实际 竣工/实际时间 completed completiondate datecompleted"
    ),
    "in_production_on": "投产时间 投产 实际投产时间 投产年月 投产达产时间 productiondate productionstart",
    "at_capacity_on": "达产日期 达产时间 达产",
    "suspended_on": "停建日期 停建时间 停工时间",
    "resumed_on": "复工日期 复工时间",
    "terminated_on": "终止日期 终止时间 退出时间",
    "confidential": "保密 是否保密",
    "confidential_until": "保密期限",
    "exclusion_reason": "不计原因 不计入原因",
    "remark": "说明 备注说明 项目简介 主要建设内容 建设内容 remarks note notes",
    "source": "数据来源 资料来源",
    "suspended_reason": "停工原因 暂停原因 reasonofsuspension suspensionreason",
    "terminated_reason": "退出原因 终止的原因 reasonoftermination terminationreason",
    "negotiating_note": "在谈备注 洽谈说明 洽谈备注 noteonnegotiating",
    "framework_signed_note": "签框架备注 框架协议说明 框架协议备注 noteonframework frameworknote",
    "signed_note": "签约备注 签约附注 noteonsigning signingnote",
    "registered_note": "注册备注 noteonregistration registrationnote",
    "started_note": "开工备注 动工说明 动工备注 开工附注 noteonstart startnote",
    "enrolled_note": "入库备注 纳统说明 纳统备注 noteonenrolment",
    "completed_note": "竣工备注 完工说明 完工备注 竣工附注 noteoncompletion completionnote",
    "in_production_note": "投产备注 投产附注 noteonproduction productionnote",
    "at_capacity_note": "达产备注 noteoncapacity capacitynote",
    "suspended_note": "停建备注 停工说明 停工备注 noteonsuspension suspensionnote",
    "resumed_note": "复工备注 noteonresumption",
    "terminated_note": "终止备注 退出说明 退出备注 noteontermination terminationnote",
}

# By the choices' class and code.
OTHER_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ProjectType", "industrial"): ("产业", "工业", "工业项目", "产业类"),
    ("ProjectType", "manufacturing"): ("制造业项目", "先进制造业", "制造"),
    ("ProjectType", "services"): ("服务业项目", "现代服务业", "服务"),
    ("ProjectType", "infrastructure"): ("基础设施项目", "基建", "基础设施类"),
    ("ProjectType", "urban_renewal"): ("城市更新项目", "旧改", "三旧改造"),
    ("ProjectType", "livelihood"): ("民生项目", "社会民生", "民生工程", "社会事业"),
    ("ProjectType", "carrier_park"): ("产业园", "产业园区", "园区", "载体", "产业载体项目"),
    ("ProjectType", "other"): ("其它", "其他项目", "其他类"),
    ("Ownership", "state"): ("国企", "国有企业", "央企", "国资", "国有控股"),
    ("Ownership", "private"): ("民企", "民营企业", "私营", "民资", "私营企业"),
    ("Ownership", "foreign"): ("外企", "外商独资", "外商投资", "外资企业"),
    ("Ownership", "hk_mo_tw"): ("港澳台资", "港资", "台资", "港澳台商投资", "澳资"),
    ("Ownership", "mixed"): ("混合", "合资", "中外合资", "混改"),
    ("Ownership", "other"): ("其它",),
}
