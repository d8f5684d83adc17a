"""Words for generated names, Chinese and English side by side."""

FIRST = (
    "华 Hua", "中 Zhong", "新 Xin", "恒 Heng", "瑞 Rui", "科 Ke", "天 Tian",
    "金 Jin", "博 Bo", "联 Lian", "鼎 Ding", "明 Ming", "泰 Tai", "宏 Hong",
    "东 Dong", "海 Hai", "星 Xing", "智 Zhi", "蓝 Lan", "远 Yuan",
)  # fmt: skip
SECOND = (
    "晟 sheng", "达 da", "源 yuan", "丰 feng", "创 chuang", "能 neng", "芯 xin",
    "康 kang", "诚 cheng", "拓 tuo", "信 xin", "宇 yu", "峰 feng", "隆 long",
    "程 cheng", "通 tong", "捷 jie", "航 hang", "维 wei", "盛 sheng",
)  # fmt: skip
BRANDS = tuple(
    (a.split()[0] + b.split()[0], a.split()[1] + b.split()[1]) for a in FIRST for b in SECOND
)  # 400 invented brands

FIELDS = (
    ("生物医药", "biomedicine"), ("集成电路", "integrated circuit"), ("新能源汽车", "new energy vehicle"),
    ("新型储能", "energy storage"), ("新型显示", "display"), ("智能装备", "smart equipment"), ("机器人", "robot"),
    ("新材料", "new materials"), ("医疗器械", "medical device"), ("人工智能", "AI"), ("低空经济", "low-altitude"),
    ("现代物流", "logistics"), ("绿色石化", "petrochemical"), ("纺织服装", "textile"), ("食品饮料", "food and drink"),
    ("汽车电子", "automotive electronics"), ("数字经济", "digital economy"), ("生物制造", "biomanufacturing"),
    ("激光制造", "laser manufacturing"), ("文化旅游", "cultural tourism"),
)  # fmt: skip

WORKS = {
    "industrial": (("产业化项目", "industrial project"), ("总装基地项目", "assembly base")),
    "manufacturing": (
        ("生产基地项目", "production base"),
        ("制造项目", "manufacturing project"),
        ("工厂项目", "plant"),
    ),
    "services": (("区域总部项目", "regional headquarters"), ("服务中心项目", "service centre")),
    "infrastructure": (("配套管网工程", "utilities works"), ("物流枢纽工程", "logistics hub")),
    "urban_renewal": (("片区改造项目", "area renewal"), ("旧厂改造项目", "factory renewal")),
    "livelihood": (("配套医院项目", "hospital"), ("安置房项目", "resettlement housing")),
    "carrier_park": (("产业园项目", "industrial park"), ("科技园项目", "science park")),
    "other": (("研发中心项目", "R&D centre"), ("商业综合体项目", "commercial complex")),
}
PHASES = ("一期", "二期", "三期")
