"""Common given names that tell whether "he" or "she" follows; names used for both are left out."""

_MEN = """
adam alan albert alexander alfred andrew anthony arthur barack ben benjamin bernard bill bob brian bruce carl
charles chris christopher colin daniel david dennis donald douglas duncan edgar edmund edward edwin elon eric
ernest francis frank franklin fred frederick gary geoffrey george gerald gilbert gordon graham gregory guido
hans harold harry heinrich henri henry herbert howard hugh ian isaac jack jacob jacques james jan jason jean
jeff jeffrey jeremy jerry jim joe johann john johnny jonathan joseph joshua juan jules julius karl keith
kenneth kevin klaus larry lawrence leon leonard leonardo leopold lewis linus louis luigi ludwig marcel marco
mark martin matthew max michael mike nathan neil nicholas nikola norman oliver orville oscar otto patrick paul
pedro peter philip pierre ralph raymond richard robert roger roland ronald rudolf samuel scott sergey sigmund
simon stanley stephen steve steven stuart theodore thomas tim timothy toby tom tony victor vincent walter
warren werner wilbur wilhelm william winston wolfgang
"""
_WOMEN = """
ada agatha agnes alice amelia amy angela anita ann anna anne annie audrey barbara beatrice betty brenda carol
caroline catherine cecilia charlotte christina christine clara claire cynthia deborah diana diane donna dora
doris dorothy edith eleanor elena elisabeth elizabeth ella ellen elsa emily emma esther eva eve evelyn fatima
florence gertrude gloria grace greta hannah harriet hedy helen helena ida ingrid irene irma isabel isabella
jane janet jennifer jessica joan judith julia julie karen kate katherine kathleen laura linda lisa louise lucy
lydia mabel margaret margot maria marie marion martha mary matilda maud melanie michelle mildred monica nancy
natalie nicole nina nora olga olivia pamela patricia paula phyllis priscilla rachel rebecca rita rosa rosalind
rose ruth sandra sarah sharon sheila sofia sophia sophie stella stephanie susan sylvia teresa theresa ursula
vera veronica victoria virginia wendy
"""

GENDER_OF: dict[str, str] = dict.fromkeys(_MEN.split(), "m") | dict.fromkeys(_WOMEN.split(), "f")


def gender_of(name: str) -> str:
    """Give m, f, or nothing where the first word of a name does not tell."""
    return GENDER_OF.get(name.partition(" ")[0].lower(), "")
