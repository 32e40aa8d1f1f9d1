"""Names that the sources of the gazetteer do not hold, or not in the form people use."""

# first two digits of the code -> (English, Chinese)
PROVINCES = {
    "11": ("Beijing", "北京"),
    "12": ("Tianjin", "天津"),
    "13": ("Hebei", "河北"),
    "14": ("Shanxi", "山西"),
    "15": ("Inner Mongolia", "内蒙古"),
    "21": ("Liaoning", "辽宁"),
    "22": ("Jilin", "吉林"),
    "23": ("Heilongjiang", "黑龙江"),
    "31": ("Shanghai", "上海"),
    "32": ("Jiangsu", "江苏"),
    "33": ("Zhejiang", "浙江"),
    "34": ("Anhui", "安徽"),
    "35": ("Fujian", "福建"),
    "36": ("Jiangxi", "江西"),
    "37": ("Shandong", "山东"),
    "41": ("Henan", "河南"),
    "42": ("Hubei", "湖北"),
    "43": ("Hunan", "湖南"),
    "44": ("Guangdong", "广东"),
    "45": ("Guangxi", "广西"),
    "46": ("Hainan", "海南"),
    "50": ("Chongqing", "重庆"),
    "51": ("Sichuan", "四川"),
    "52": ("Guizhou", "贵州"),
    "53": ("Yunnan", "云南"),
    "54": ("Tibet", "西藏"),
    "61": ("Shaanxi", "陕西"),
    "62": ("Gansu", "甘肃"),
    "63": ("Qinghai", "青海"),
    "64": ("Ningxia", "宁夏"),
    "65": ("Xinjiang", "新疆"),
    "71": ("Taiwan", "台湾"),
    "81": ("Hong Kong", "香港"),
    "82": ("Macao", "澳门"),
}

# Prefectures whose code the source leaves out, and shapes that are no place with a network.
MISSING_CODES = {"山南市": "540500"}
NOT_A_PLACE = {"中国属钓鱼岛"}

# Chinese name -> the usual English one: autonomous prefectures, leagues and the few cities that
# GeoNames lists under another name.
ENGLISH = {
    "延边朝鲜族自治州": "Yanbian",
    "恩施土家族苗族自治州": "Enshi",
    "湘西土家族苗族自治州": "Xiangxi",
    "阿坝藏族羌族自治州": "Ngawa",
    "甘孜藏族自治州": "Garze",
    "凉山彝族自治州": "Liangshan",
    "黔西南布依族苗族自治州": "Qianxinan",
    "黔东南苗族侗族自治州": "Qiandongnan",
    "黔南布依族苗族自治州": "Qiannan",
    "楚雄彝族自治州": "Chuxiong",
    "红河哈尼族彝族自治州": "Honghe",
    "文山壮族苗族自治州": "Wenshan",
    "西双版纳傣族自治州": "Xishuangbanna",
    "大理白族自治州": "Dali",
    "德宏傣族景颇族自治州": "Dehong",
    "怒江傈僳族自治州": "Nujiang",
    "迪庆藏族自治州": "Diqing",
    "临夏回族自治州": "Linxia",
    "甘南藏族自治州": "Gannan",
    "海北藏族自治州": "Haibei",
    "黄南藏族自治州": "Huangnan",
    "海南藏族自治州": "Hainan Prefecture",
    "果洛藏族自治州": "Golog",
    "玉树藏族自治州": "Yushu",
    "海西蒙古族藏族自治州": "Haixi",
    "昌吉回族自治州": "Changji",
    "博尔塔拉蒙古自治州": "Bortala",
    "巴音郭楞蒙古自治州": "Bayingolin",
    "克孜勒苏柯尔克孜自治州": "Kizilsu",
    "伊犁哈萨克自治州": "Ili",
    "兴安盟": "Hinggan",
    "锡林郭勒盟": "Xilingol",
    "阿拉善盟": "Alxa",
    "大兴安岭地区": "Da Hinggan Ling",
    "阿里地区": "Ngari",
    "阿克苏地区": "Aksu",
    "喀什地区": "Kashgar",
    "和田地区": "Hotan",
    "塔城地区": "Tacheng",
    "阿勒泰地区": "Altay",
    "哈密市": "Hami",
    "吐鲁番市": "Turpan",
    "那曲地区": "Nagqu",
    "那曲市": "Nagqu",
    "山南市": "Shannan",
    "日喀则市": "Shigatse",
    "昌都市": "Qamdo",
    "林芝市": "Nyingchi",
    "拉萨市": "Lhasa",
    "乌鲁木齐市": "Urumqi",
    "辽源市": "Liaoyuan",
    "益阳市": "Yiyang",
    "鄂州市": "Ezhou",
    "榆林市": "Yulin",
    "海东市": "Haidong",
    "仙桃市": "Xiantao",
    "潜江市": "Qianjiang",
    "天门市": "Tianmen",
    "神农架林区": "Shennongjia",
    "儋州市": "Danzhou",
    "东方市": "Dongfang",
    "定安县": "Ding'an",
    "屯昌县": "Tunchang",
    "澄迈县": "Chengmai",
    "白沙黎族自治县": "Baisha",
    "昌江黎族自治县": "Changjiang",
    "乐东黎族自治县": "Ledong",
    "陵水黎族自治县": "Lingshui",
    "保亭黎族苗族自治县": "Baoting",
    "琼中黎族苗族自治县": "Qiongzhong",
    "阿拉尔市": "Aral",
    "铁门关市": "Tiemenguan",
    "双河市": "Shuanghe",
    "可克达拉市": "Kokdala",
    "昆玉市": "Kunyu",
}

# Of several places with one English name these keep it; the others add their province.
KEEPS_ITS_NAME = {"320500", "350100"}  # Suzhou, Fuzhou

# "Yanbian", not "Yanbian Korean Autonomous Prefecture": what follows the place itself is cut.
PEOPLES = (
    "朝鲜族|土家族|苗族|藏族|彝族|布依族|哈尼族|壮族|傣族|白族|"
    "傈僳族|回族|蒙古|柯尔克孜|哈萨克|黎族"
)
CHINESE = {"海南藏族自治州": "海南州"}

# Big cities abroad for which GeoNames holds no Chinese name, or not the one used in China.
CHINESE_ABROAD = {
    "Abidjan": "阿比让",
    "Addis Ababa": "亚的斯亚贝巴",
    "Ahmedabad": "艾哈迈达巴德",
    "Bamako": "巴马科",
    "Cape Town": "开普敦",
    "Chennai": "金奈",
    "Dubai": "迪拜",
    "Giza": "吉萨",
    "Hanoi": "河内",
    "Ho Chi Minh City": "胡志明市",
    "Istanbul": "伊斯坦布尔",
    "Jakarta": "雅加达",
    "Johannesburg": "约翰内斯堡",
    "Kano": "卡诺",
    "Kinshasa": "金沙萨",
    "Lagos": "拉各斯",
    "Lima": "利马",
    "New York City": "纽约",
    "Yokohama": "横滨",
}

# Letters that do not decompose into a plain one and an accent.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "æ": "ae"}
    | {
        "Æ": "Ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "Þ": "Th",
        "ə": "a",
        "Ə": "A",
        "Ð": "D",
        "‘": "'",
        "’": "'",
    }
    | {"ʻ": "'", "ʼ": "'", "–": "-"}
)
