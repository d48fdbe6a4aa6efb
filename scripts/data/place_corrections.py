"""What Natural Earth lacks or codes differently from ISO 3166, by hand.

Continents follow octoDNS, so that its codes mean the same here. Points are degrees.
"""

from __future__ import annotations

# Natural Earth calls mid-ocean islands "Seven seas", and draws some borders elsewhere.
CONTINENTS = {
    "GS": "SA",
    "HM": "AN",
    "IO": "AS",
    "MU": "AF",
    "MV": "AS",
    "SC": "AF",
    "SH": "AF",
    "TF": "AN",
    "UM": "OC",
}

# Not on Natural Earth's list of countries: parts of another country there.
COUNTRIES: dict[str, tuple[str, str, float, float]] = {
    "BQ": ("Caribbean Netherlands", "NA", 12.18, -68.26),
    "BV": ("Bouvet Island", "AN", -54.42, 3.36),
    "CC": ("Cocos (Keeling) Islands", "AS", -12.16, 96.87),
    "CX": ("Christmas Island", "AS", -10.49, 105.64),
    "GF": ("French Guiana", "SA", 3.92, -53.09),
    "GP": ("Guadeloupe", "NA", 16.2, -61.5),
    "MQ": ("Martinique", "NA", 14.65, -61.01),
    "RE": ("Réunion", "AF", -21.13, 55.53),
    "SJ": ("Svalbard and Jan Mayen", "EU", 78.6, 16.5),
    "TK": ("Tokelau", "OC", -9.17, -171.82),
    "YT": ("Mayotte", "AF", -12.82, 45.15),
}

# Countries that have a code of their own and one as a subdivision of another country.
DEPENDENCIES = {
    **{f"US-{code}": code for code in ("AS", "GU", "MP", "PR", "UM", "VI")},
    **{f"CN-{code}": code for code in ("HK", "MO", "TW")},
    **{f"FR-{code}": code for code in ("BL", "MF", "NC", "PF", "PM", "TF", "WF")},
    **{f"NL-{code}": code for code in ("AW", "CW", "SX")},
}

# Codes that ISO has replaced since: those of Natural Earth on the left.
RENAMED = {
    **{
        f"PL-{old}": f"PL-{new}"
        for old, new in {
            "DS": "02",
            "KP": "04",
            "LU": "06",
            "LB": "08",
            "LD": "10",
            "MA": "12",
            "MZ": "14",
            "OP": "16",
            "PK": "18",
            "PD": "20",
            "PM": "22",
            "SL": "24",
            "SK": "26",
            "WN": "28",
            "WP": "30",
            "ZP": "32",
        }.items()
    },
    **{
        f"CZ-{old}": f"CZ-{new}"
        for old, new in {
            "PR": "10",
            "ST": "20",
            "JC": "31",
            "PL": "32",
            "KA": "41",
            "US": "42",
            "LI": "51",
            "KR": "52",
            "PA": "53",
            "VY": "63",
            "JM": "64",
            "OL": "71",
            "ZL": "72",
            "MO": "80",
        }.items()
    },
    **{
        f"EE-{old}": f"EE-{new}"
        for old, new in {
            "44": "45",
            "49": "50",
            "51": "52",
            "57": "56",
            "59": "60",
            "65": "64",
            "67": "68",
            "70": "71",
            "78": "79",
            "82": "81",
            "86": "87",
        }.items()
    },
    "NO-01": "NO-31",
    "NO-02": "NO-32",
    "NO-06": "NO-33",
    "NO-04": "NO-34",
    "NO-05": "NO-34",
    "NO-07": "NO-39",
    "NO-08": "NO-40",
    "NO-09": "NO-42",
    "NO-10": "NO-42",
    "NO-12": "NO-46",
    "NO-14": "NO-46",
    "NO-16": "NO-50",
    "NO-17": "NO-50",
    "NO-19": "NO-55",
    "NO-20": "NO-56",
    "GR-A1": "GR-I",
    "HU-ED": "HU-ER",
    "ZA-GT": "ZA-GP",
    "ZA-NL": "ZA-KZN",
}

# First-level units that Natural Earth has only as a field of their parts:
# country: (the field, {its value: (ISO 3166-2 code, name)}).
PARENTS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "GB": (
        "geonunit",
        {
            "England": ("GB-ENG", "England"),
            "Northern Ireland": ("GB-NIR", "Northern Ireland"),
            "Scotland": ("GB-SCT", "Scotland"),
            "Wales": ("GB-WLS", "Wales"),
        },
    ),
    "FR": (
        "region_cod",
        {
            "FR-ARA": ("FR-ARA", "Auvergne-Rhône-Alpes"),
            "FR-BFC": ("FR-BFC", "Bourgogne-Franche-Comté"),
            "FR-BRE": ("FR-BRE", "Brittany"),
            "FR-COR": ("FR-20R", "Corsica"),
            "FR-CVL": ("FR-CVL", "Centre-Val de Loire"),
            "FR-GES": ("FR-GES", "Grand Est"),
            "FR-HDF": ("FR-HDF", "Hauts-de-France"),
            "FR-IDF": ("FR-IDF", "Île-de-France"),
            "FR-NAQ": ("FR-NAQ", "Nouvelle-Aquitaine"),
            "FR-NOR": ("FR-NOR", "Normandy"),
            "FR-OCC": ("FR-OCC", "Occitanie"),
            "FR-PAC": ("FR-PAC", "Provence-Alpes-Côte d'Azur"),
            "FR-PDL": ("FR-PDL", "Pays de la Loire"),
        },
    ),
    "IT": (
        "region_cod",
        {
            code: (code, name)
            for code, name in {
                "IT-21": "Piedmont",
                "IT-23": "Aosta Valley",
                "IT-25": "Lombardy",
                "IT-32": "Trentino-South Tyrol",
                "IT-34": "Veneto",
                "IT-36": "Friuli-Venezia Giulia",
                "IT-42": "Liguria",
                "IT-45": "Emilia-Romagna",
                "IT-52": "Tuscany",
                "IT-55": "Umbria",
                "IT-57": "Marche",
                "IT-62": "Lazio",
                "IT-65": "Abruzzo",
                "IT-67": "Molise",
                "IT-72": "Campania",
                "IT-75": "Apulia",
                "IT-77": "Basilicata",
                "IT-78": "Calabria",
                "IT-82": "Sicily",
                "IT-88": "Sardinia",
            }.items()
        },
    ),
    "ES": (
        "region",
        {
            "Andalucía": ("ES-AN", "Andalusia"),
            "Aragón": ("ES-AR", "Aragon"),
            "Asturias": ("ES-AS", "Asturias"),
            "Canary Is.": ("ES-CN", "Canary Islands"),
            "Cantabria": ("ES-CB", "Cantabria"),
            "Castilla y León": ("ES-CL", "Castile and León"),
            "Castilla-La Mancha": ("ES-CM", "Castilla-La Mancha"),
            "Cataluña": ("ES-CT", "Catalonia"),
            "Extremadura": ("ES-EX", "Extremadura"),
            "Foral de Navarra": ("ES-NC", "Navarre"),
            "Galicia": ("ES-GA", "Galicia"),
            "Islas Baleares": ("ES-IB", "Balearic Islands"),
            "La Rioja": ("ES-RI", "La Rioja"),
            "Madrid": ("ES-MD", "Madrid"),
            "Murcia": ("ES-MC", "Murcia"),
            "País Vasco": ("ES-PV", "Basque Country"),
            "Valenciana": ("ES-VC", "Valencian Community"),
        },
    ),
    "BE": (
        "region",
        {
            "Flemish": ("BE-VLG", "Flanders"),
            "Walloon": ("BE-WAL", "Wallonia"),
        },
    ),
}

# Countries whose first-level units are not all in the table under today's codes: a code that is
# not in it may be right there.
_INCOMPLETE = """
    AF AZ BD BF BI BQ BS BW CD CI CO CV CY DO FI FR GH GL GN GQ GW HR ID IE IQ IR KE KG KH KI KN
    KP KZ LA LB LC LK LR LT LU LV LY MC MD ME MK ML MM MR MU MV MW MX MZ NA NO NP OM PA PE PG PH
    PS QA RS SB SC SD SI SL SO ST TD TH TJ TM TN TT TV TW TZ UG UM YE
"""
INCOMPLETE = frozenset(_INCOMPLETE.split())
