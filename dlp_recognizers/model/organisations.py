# ruff: noqa: E501 - a table reads better in long lines
"""Shapes and well-known examples of organisations' names."""

from __future__ import annotations

LEGAL = (
    "GmbH", "AG", "GmbH & Co. KG", "SE", "KG", "e.V.", "Ltd", "Ltd.", "Limited", "LLC", "Inc.", "Inc", "Corp.", "Corporation", "plc",
    "LLP", "S.A.", "SA", "SAS", "SARL", "S.p.A.", "S.r.l.", "S.L.", "B.V.", "BV", "N.V.", "AB", "A/S", "ApS", "AS", "Oy", "Oyj",
    "Sp. z o.o.", "s.r.o.", "Lda", "Ltda", "Pty Ltd", "Pte Ltd", "K.K.", "Co.", "Company", "& Co", "& Sons", "Group", "Holding",
)  # fmt: skip
TRADES = (
    "Industries", "Systems", "Technologies", "Solutions", "Consulting", "Capital", "Partners", "Insurance", "Bank", "Motors", "Foods",
    "Pharma", "Energy", "Media", "Labs", "Studios", "Logistics", "Airlines", "Electronics", "Software", "Networks", "Ventures",
    "Associates", "Properties", "Services", "Hotel", "Restaurant", "Records", "Press", "Clinic", "Hospital", "Group", "Brothers",
    "Versicherung", "Maschinenbau", "Bau", "Elektronik", "Banque", "Assurances", "Seguros", "Banca", "Verzekeringen", "Times", "Post",
)  # fmt: skip
CORE = (
    "Nova", "Apex", "Global", "Northern", "Blue", "Quant", "Vertex", "Omni", "Alpha", "First", "United", "National", "General", "Pacific",
    "Atlantic", "Solar", "Bright", "Green", "Terra", "Delta", "Summit", "Pioneer", "Euro", "Inter", "Trans", "Cyber", "Data", "Micro",
    "Bio", "Med", "Agro", "Petro", "Metro", "Royal", "Golden", "Silver", "Star", "Sun", "Liberty", "Heritage", "Crown", "Eagle",
)  # fmt: skip
PUBLIC = (
    "University of {p}", "{p} University", "Universität {p}", "Université de {p}", "Universidad de {p}", "Università di {p}",
    "{p} City Council", "{p} Police Department", "Bank of {p}", "{p} Institute of Technology", "{p} General Hospital", "FC {p}",
    "{p} United", "{n} Foundation", "{n} Institute", "Stadtwerke {p}", "Sparkasse {p}", "Klinikum {p}", "Ministry of Health of {p}",
    "{p} Chamber of Commerce", "Supreme Court of {p}", "{p} {t}", "{n} College", "St. {n} Hospital", "{p} Football Club",
    "Amtsgericht {p}", "Mairie de {p}", "Ayuntamiento de {p}", "Comune di {p}", "Gemeente {p}", "{p} Times", "{p} Airlines",
    "Church of {p}", "{n} Museum", "Democratic Party of {p}", "{p} Central Bank", "{p} Red Cross", "{p} Philharmonic",
)  # fmt: skip
KNOWN = tuple(
    """Google|Microsoft|Apple|Amazon|IBM|Intel|Oracle|SAP|Siemens|Bosch|BMW|Volkswagen|Daimler|Deutsche Bank|Allianz|BASF|Bayer|Adidas|
Lufthansa|Toyota|Honda|Sony|Nintendo|Samsung|Hyundai|Nokia|Ericsson|Ikea|Volvo|Philips|Shell|Unilever|ING|BP|HSBC|Barclays|Tesco|
Vodafone|BBC|Reuters|CNN|NBC|CBS|Fox News|The New York Times|Washington Post|The Guardian|Le Monde|Der Spiegel|El País|Associated Press|
United Nations|UN|NATO|European Union|EU|European Commission|World Bank|IMF|WHO|UNESCO|UNICEF|OPEC|WTO|FBI|CIA|NASA|NSA|FDA|EPA|SEC|
Pentagon|Congress|Senate|House of Representatives|Supreme Court|White House|Kremlin|Bundestag|Parliament|Labour Party|Conservative Party|
Republican Party|Democratic Party|Green Party|CDU|SPD|Hamas|Hezbollah|Taliban|Al-Qaeda|Red Cross|Greenpeace|Amnesty International|
Harvard|Harvard University|Yale|Stanford University|MIT|Oxford University|Cambridge University|Walmart|Target|Costco|Starbucks|
McDonald's|Coca-Cola|Pepsi|Nike|Disney|Netflix|Facebook|Twitter|Uber|Airbnb|Tesla|Ford|General Motors|Chrysler|Boeing|Airbus|
Lockheed Martin|Goldman Sachs|JPMorgan|Morgan Stanley|Citigroup|Bank of America|Wells Fargo|Visa|Mastercard|American Express|AT&T|
Verizon|Comcast|Cisco|Dell|Hewlett-Packard|HP|Xerox|Kodak|Pfizer|Merck|Novartis|Roche|Nestlé|Danone|Renault|Peugeot|Total|Orange|
Enron|Exxon|Chevron|Halliburton|Manchester United|Real Madrid|FC Barcelona|Bayern Munich|Juventus|Chicago Bulls|New York Yankees|
Los Angeles Lakers|Dallas Cowboys|FIFA|UEFA|NBA|NFL|Mozilla|Red Hat|Canonical|GitHub|Debian|Python Software Foundation|Linux Foundation|
Free Software Foundation|Warner Bros|Paramount|Universal Pictures|Columbia University|Princeton University|Home Depot|Best Buy|FedEx|
UPS|DHL|Deutsche Telekom|Deutsche Bahn|SNCF|Air France|British Airways|KLM|Iberia|Alitalia|Fiat|Ferrari|Telefónica|Santander|BBVA|
Repsol|Petrobras|Gazprom|Aeroflot|Huawei|Alibaba|Tencent|Xinhua|Al Jazeera|Haaretz|State Department|Justice Department|Treasury|
Federal Reserve|Scotland Yard|Interpol|Europol|Roman Catholic Church|Salvation Army|YMCA|NAACP|AFL-CIO|Teamsters|
Geico|State Farm|Progressive|Comcast|T-Mobile|Sprint|Subway|Wendy's|Burger King|Pizza Hut|Domino's|Taco Bell|Chipotle|Applebee's|Olive Garden|
Marriott|Hilton|Hyatt|Holiday Inn|Sheraton|Best Western|Hertz|Avis|Delta|Southwest|Ryanair|EasyJet|Michelin|Carrefour|Auchan|Leroy Merlin|EDF|
BNP Paribas|Société Générale|Crédit Agricole|AXA|L'Oréal|Iberdrola|Endesa|Mercadona|Inditex|Zara|Enel|Eni|UniCredit|Generali|Barilla|Aldi|Lidl|
Rewe|Edeka|Commerzbank|Thyssenkrupp|Continental|Porsche|Audi|Zalando|Ahold|Heineken|Rabobank|Orlen|PKO BP|Allegro|H&M|Spotify|Maersk|Carlsberg|
Lego|Nordea|Equinor|Galp|EDP|Itaú|Bradesco|Vale|Infosys|Tata|Reliance|Wipro|Foxconn|Lenovo|Xiaomi|Baidu|PayPal|eBay|Craigslist|Yahoo|AOL|LinkedIn""".replace(
        "\n", ""
    ).split("|")
)
