"""Words around a medicine name: doses, forms, times, and the verbs that say whether it is taken.

Language only: nothing here knows what a medicine does. Words are in lower case and without hyphens.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# How much, how often, in which form: read past, never read as a medicine.
UNITS = _words(
    """
    mg mcg ug µg g gm gms gram grams kg ml l iu u unit units meq mmol mol microgram micrograms
    milligram milligrams international percent dose doses dosage puff puffs drop drops spoon
    spoonful teaspoon tablespoon strength
    """
)
FREQUENCY = _words(
    """
    od bd bid tds tid qid qds qd qod qhs hs nocte mane prn stat am pm daily twice once thrice times
    time per a day days dly weekly week weeks wk wks fortnight fortnightly month months monthly mo
    year years yr yrs yearly hourly hour hours hr hrs h every each other alternate morning mornings
    evening evenings night nights nightly bedtime noon lunchtime breakfast dinner regular regularly
    occasional occasionally sometimes continuously continuous needed required intermittent
    intermittently one two three four five six seven eight nine ten twelve half several few many
    couple first second third last past next january february march april may june july august
    september october november december today yesterday long term chronic recent recently ago
    earlier before previously prior since until back now currently current still over about
    approximately almost nearly around within during more less than total max maximum up q least
    """
)
FORMS = _words(
    """
    tablet tablets tab tabs capsule capsules cap caps pill pills caplet caplets injection injections
    injected infusion infusions inhaler inhalers puffer syrup solution suspension elixir liquid
    powder granules sachet sachets lozenge xr er sr cr mr la xl ec dr odt hfa cfc dpi diskus
    turbuhaler respimat evohaler accuhaler handihaler extended delayed modified sustained controlled
    immediate release slow retard depot forte prolonged enteric coated chewable dispersible
    effervescent soluble sublingual buccal oral orally po iv im sc subcutaneous intravenous
    intramuscular nebulizer nebuliser nebulized nebulised neb nebs inhaled inhalation transdermal
    patch patches topical topically cream ointment gel lotion shampoo spray eye eyes ear ears nasal
    nose nasally intranasal ophthalmic ocular otic vaginal vaginally rectal rectally suppository
    suppositories enema pessary mouthwash dental foam paste soak soaks poultice systemic
    pen pump kit plus mite low high small
    large standard full
    """
)
# Salts and esters written after a substance.
SALTS = _words(
    """
    hydrochloride hcl dihydrochloride sodium disodium dipotassium succinate tartrate bitartrate
    maleate mesylate mesilate besylate besilate camsylate fumarate acetate phosphate sulfate
    sulphate bisulfate hydrobromide bromide iodide chloride furoate propionate dipropionate
    xinafoate valerate etabonate citrate nitrate dihydrate monohydrate trihydrate hemihydrate
    anhydrous arginine erbumine axetil medoxomil cilexetil mofetil tromethamine trometamol pamoate
    embonate decanoate enanthate palmitate lactate gluconate oxalate tosylate stearate
    ethylsuccinate estolate disoproxil alafenamide
    """
)
# What people say around the names of medicines.
TALK = _words(
    """
    went away gone eased eases easing subsided settled disappeared recurred returned return persisted persist
    stomach kidney bones joints infection
    inj cycle cycles course micronized micronised diet asthma copd hypertension diabetes depression
    anxiety reflux
    the an and or with on in of at to from by for as is was were are be been being has had have
    having his her their my your our he she they i it we patient takes take taking took taken use
    uses used using receives received receiving given gave gets got prescribed prescription
    prescriptions treated treatment treatments therapy therapeutic trial course courses started
    start starting begun began beginning commenced commencing initiated initiation introduced added
    adding new newly increased increase increasing reduced reduce reducing decreased changed change
    changes switched switch switching replaced continued continues continuing stopped stop stopping
    discontinued discontinue discontinuing discontinuation ceased quit withdrawn withdrawal held
    withheld weaned completed finished ended off came come no not none nil never denies denied
    without longer any all both only also then but however therefore because after when while which
    that this these there here same own self medication medications medicine medicines drug drugs
    meds med agent agents remedy remedies product products brand generic preparation preparations
    supplement supplements combination combined fixed regimen list include includes including such
    like various well unknown unspecified type kind class known usual routine doctor gp physician
    pharmacy counter otc prn ineffective effective effectively benefit benefits beneficial helped
    helps help helpful relief relieved relieve response responded success successful successfully
    unsuccessful improvement improved improve effect effects useless worked work works working worse
    worsened resolved partial partially complete completely little some much great good poor minimal
    marked temporary transient tolerated intolerance intolerant allergic allergy allergies side
    caused cause reaction due dialysis surgery pregnancy sleep cramp cramps leg legs pain if so etc
    eg ie approx non vs versus former formerly ex except apart besides aside tried tries failed
    fails refused refuses declined declines avoided advised initially finally later onset symptom
    symptoms admission admitted presentation complaint complaints discharge discharged hospital
    clinic visit visits home nkda illicit recreational abuse person history report reports reported
    says stated maintenance chronically prophylaxis prophylactic monitored stable unchanged ongoing
    adherence compliant compliance infrequently rarely alternating tapered taper tapering titrated
    bolus adjusted recommended bought purchased friend spouse husband wife partner mother father
    fine okay ok yes sure think maybe possibly did does do dont doesnt didnt hasnt isnt wasnt can
    cannot could would should may might must will thing things something anything nothing else just
    even once under above below naive
    """
)
HARMLESS = UNITS | FREQUENCY | FORMS | SALTS | TALK

# A word after a substance which says that the state of the body is meant ("calcium level").
NOT_A_MEDICINE_AFTER = _words(
    """
    deficiency deficient insufficiency level levels resistance deficit loss metabolism status
    """
)
NOT_A_MEDICINE_BEFORE = frozenset({"low", "high", "serum", "underactive", "overactive"})
MINERALS = _words(
    """
    calcium magnesium potassium iron lithium insulin estrogen estrogens alcohol thyroid zinc
    phosphate iodine electrolytes
    """
)
SALT_METALS = frozenset({"potassium", "calcium", "magnesium"})
COUNTER_IONS = _words(
    """
    chloride carbonate citrate oxide hydroxide sulfate phosphate gluconate lactate acetate
    bicarbonate supplement supplements
    """
)
# Routes by which too little reaches the body for a class to be claimed, and the classes that stay all the same.
LOCAL = _words(
    """
    nasal nose nasally intranasal ophthalmic ocular otic topical topically cream ointment lotion
    shampoo vaginal vaginally mouthwash dental enema foam intravitreal intraarticular paste soak soaks
    poultice
    """
)
LOCAL_PAIRS = frozenset({("eye", "drops"), ("ear", "drops"), ("eye", "drop"), ("nose", "drops"), ("eye", "ointment")})
LOCAL_ADJECTIVES = frozenset({"ophthalmic", "otic", "topical", "nasal", "vaginal"})
INHALED = _words(
    """
    inhaled inhaler inhalers inhalation puffer puff puffs nebulizer nebuliser nebulized nebulised
    neb nebs
    """
)
KEPT_WHEN_INHALED = _words(
    """
    takes_inhaled_anticholinergic takes_insulin takes_laba takes_saba
    """
)

# Verbs and particles that change the status of a medicine.
STOPPED = _words(
    """
    stopped stop stopping discontinued discontinue discontinuing discontinuation ceased quit
    withdrawn withdrawal withheld held weaned completed finished ended off previously formerly
    former ex past
    """
)
NOT = _words(
    """
    no not never denies denied without nil none allergic allergy allergies intolerant intolerance
    avoids avoid refused refuses declined declines dont doesnt didnt isnt naive
    """
)
# Whose medicine it is, when it is not the patient's ("wife's simvastatin"), without a verb that says who takes it.
SOMEBODYS = _words(
    """
    wifes husbands partners spouses girlfriends boyfriends mothers fathers mums moms dads sisters brothers sons
    daughters friends neighbors neighbours colleagues flatmates roommates dogs cats horses
    """
)
SWITCHED = _words(
    """
    switched switch changed converted replaced substituted
    """
)
EXCEPT = _words(
    """
    except apart besides aside other but than
    """
)
STARTED = _words(
    """
    started start starting begun began beginning commenced commencing initiated introduced added
    adding new newly
    """
)
TAKING = _words(
    """
    takes take taking taken receives receiving continues continued continuing currently now on using
    uses
    """
)
# After "no" or "not" these say that a medicine did not help or did not change, not that it is not taken.
OUTCOME = _words(
    """
    benefit benefits relief response success successful effect effects improvement help helped
    helpful longer change changes changed effective side new other further recent useful avail
    difference result respond responded responding improve improved improving relieved relieve work
    worked working resolve resolved better stopped increased
    """
)
MEDICINE_NOUNS = _words(
    """
    medication medications medicine medicines drug drugs meds med tablet tablets pill pills
    prescription prescriptions treatment treatments therapy
    """
)
OTHER_THAN_NONE = _words(
    """
    new change changes changed other recent allergy allergies allergic intolerance abuse illicit
    recreational counter otc herbal side effect effects response relief benefit
    """
)

BREAKS = frozenset(",;:.()[]\n+&|")
JOINS = frozenset({"and", "with", "plus", "or", "/"})
TOKEN = re.compile(r"[a-zµ0-9]+|[,;:.()\[\]\n+&|/]")

_COUNTING = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBER_WORDS: dict[str, int] = {word: max(1, number) for number, word in enumerate(_COUNTING)}
NUMBER_WORDS |= {"an": 1, "few": 3, "several": 4, "couple": 2, "many": 40, "twelve": 12}
DAYS = {"day": 1.0, "week": 7.0, "wk": 7.0, "fortnight": 14.0, "month": 30.0, "year": 365.0, "yr": 365.0}
# choice: a start or a stop within three months is recent; the trigger of a cramp is looked for among new medicines.
RECENT_DAYS = 92.0

_COUNT = (
    r"(?:(?P<number>\d+)|(?P<word>an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|few|several"
    r"|couple of|many))(?:\s*(?:to|or)?\s*(?:\d+|two|three|four|five|six))?\s*"
)
_UNIT = r"(?P<unit>day|week|wk|fortnight|month|year|yr)s?"
_LEAD = r"(?:for|over|in|since)\s+(?:(?:the|about|only|almost|over|more than|at least|past|last)\s+)*"
_TIMES = (
    re.compile(rf"\b{_COUNT}{_UNIT}\s+(?:ago|earlier|before|previously|prior|back)\b"),
    re.compile(rf"\b{_LEAD}{_COUNT}{_UNIT}\b"),
)
_NOW = re.compile(
    r"\b(?:yesterday|today|(?:last|this|past|the previous) (?:week|month|fortnight|few (?:days|weeks)))\b"
    r"|\brecent(?:ly)?\b|\bjust\b"
)
_LONG = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:for|many|several) (?:many |several )?(?:months|years|decades)\b"
    r"|\blong term\b|\bchildhood\b"
)


_WHO = (
    r"(?:wife|husband|partner|spouse|girlfriend|boyfriend|mother|father|mum|mom|dad|sister|brother|son|daughter"
    r"|friend|neighbou?r|colleague|flatmate|roommate|dog|cat|pet|horse|rabbit)"
)
_ANOTHERS = (
    re.compile(
        rf"^(?:my|his|her|our|the|a) {_WHO} (?:is |was )?(?:takes?|took|taking|on|uses|using|has|had|gets|needs)\b"
    ),
    re.compile(rf"\bfor (?:my|his|her|our|the) {_WHO}\b"),
    re.compile(r"\b(?:rat|mouse|weed|slug) (?:poison|killer|bait)\b"),
)
_NOT_YET = re.compile(
    r"\b(?:about|going|due|plans?|planning|planned|hoping|waiting|intends?|wants?) to (?:be )?"
    r"(?:start(?:ed)?|take|begin|try|go on)(?: on)?\b|\b(?:will|might) (?:start|take|begin)\b"
)
_NOT_BEGUN = re.compile(
    r"\b(?:has |have )?(?:not|yet) (?:yet )?(?:to )?(?:be )?(?:started|begun|start|begin)(?: yet)?\b"
)
_NOT_NOW = re.compile(r"\s*,?\s*\b(?:but |and )?(?:not|no) (?:any ?more|any longer|now|longer)\s*$")


def is_anothers(text: str) -> bool:
    """Tell whether the medicine is somebody else's, an animal's, or no remedy at all.

    Examples
    --------
    >>> is_anothers("my husband takes water pills"), is_anothers("takes insulin"), is_anothers("drops for the dog")
    (True, False, True)
    """
    return any(pattern.search(text) for pattern in _ANOTHERS)


def plain_status(text: str) -> str:
    """Put plain words in the place of "about to start" and of "not any more".

    Examples
    --------
    >>> plain_status("was on statins but not any more"), plain_status("about to start a statin")
    ('was on statins stopped', 'no a statin')
    """
    return _NOT_NOW.sub(" stopped", _NOT_YET.sub("no", _NOT_BEGUN.sub("stopped", text)))


def is_time(token: str) -> bool:
    """Tell whether a word belongs to a time ("two", "weeks", "the last")."""
    unit = token.rstrip("s") in DAYS
    return unit or token.isdigit() or token in NUMBER_WORDS or token in {"the", "about", "over", "last"}


def is_recent(text: str) -> bool | None:
    """Tell whether a start or a stop lies within the last three months; None when no time is given.

    Examples
    --------
    >>> is_recent("started two weeks ago"), is_recent("for many years"), is_recent("at night")
    (True, False, None)
    """
    told: bool | None = None
    for pattern in _TIMES:
        for match in pattern.finditer(text):
            word = (match["word"] or "").replace("couple of", "couple")
            number = float(match["number"]) if match["number"] else float(NUMBER_WORDS.get(word, 1))
            if number * DAYS[match["unit"]] <= RECENT_DAYS:
                return True
            told = False
    if _NOW.search(text):
        return True
    return False if _LONG.search(text) else told
