"""Words of our own choosing that tell a title, a street or a company, in the languages the model knows."""

from __future__ import annotations

_HONORIFICS = """
mr mrs ms miss mx dr prof professor sir dame lord lady madam mister doctor rev reverend father sister brother capt
captain col colonel gen general lt lieutenant sgt sergeant maj major senator congressman governor president
chancellor minister ambassador judge justice officer detective inspector king queen prince princess pope saint st
herr herrn frau fräulein hr fr doktor professorin doktorin m mme mlle monsieur madame mademoiselle maître me señor
señora señorita sr sra srta don doña doctora sig signor signora signore dott dottor dottoressa avv ing dhr mevr
mevrouw meneer drs ir senhor senhora doutor doutora pan pani pana panią herra rouva fru sheikh imam
"""
HONORIFICS = tuple(_HONORIFICS.split())

_ORG_WORDS = """
gmbh ag kg ohg ug se kgaa ev mbh ltd limited llc llp plc inc incorporated corp corporation co company cie sarl sas
sa srl spa sl slu lda ltda bv nv ab as asa oy oyj aps kk pte pty sp z.o.o group groupe gruppe grupo holding holdings
partners associates bank banque banca banco sparkasse university universität université universidad università
universiteit uniwersytet college school hospital clinic klinik klinikum hôpital institute institut instituto
istituto foundation stiftung fondation fundación fondazione association verein society ministry ministerium
ministère ministerio agency agentur agence agencia department committee council commission union federation party
church museum club fc bundesamt behörde airlines airways motors industries systems technologies solutions consulting
capital insurance versicherung pharma pharmaceuticals labs laboratories studios media press times post herald
tribune news records entertainment energy electric foods stores restaurant hotel cafe
"""
ORG_WORDS = tuple(_ORG_WORDS.split())

_STREET_WORDS = """
street st road rd avenue ave lane ln drive dr court ct boulevard blvd place pl square sq terrace way close crescent
highway hwy parkway pkwy alley circle row mews gardens grove hill straße strasse str weg platz allee gasse ring ufer
damm chaussee rue impasse allée chemin quai cours calle avenida avda plaza paseo camino carrer via viale piazza
corso vicolo largo rua travessa praça estrada straat laan plein gracht kade steenweg ulica ul aleja al plac gatan
vägen gata vej gade gate vei katu tie ulice náměstí utca út sokak caddesi cadde bulvarı strada bulevardul
"""
STREET_WORDS = tuple(_STREET_WORDS.split())
