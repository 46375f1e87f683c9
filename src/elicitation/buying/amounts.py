"""Amounts of money as people write them: `$500`, `2,000`, `0.5 €`, `2c`; and what costs are in money."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal

from elicitation.buying.prices import exact
from elicitation.errors import InputError

# The smallest amount; the largest is 1 over it.
SMALLEST = 1e-12
# What a hundredth of any currency is called.
CENTS = ("c", "ct", "¢", "cent", "cents")
# Words for a currency that has a sign.
SIGNS = {"dollar": "$", "dollars": "$", "usd": "$", "euro": "€", "euros": "€", "eur": "€"}
# Currencies that are written in letters, though not by their code.
LOCAL = ("zł", "Kč", "kr", "Ft", "Fr")
# What a currency is called: its sign, as in US$, the three capitals of its code (ISO 4217), or one of the words.
CURRENCY = f"([A-Z]{{0,3}}[$€£¥₩₹₽₺₴₦₫₪₱฿₡₲₸₾₼]|[A-Z]{{3}}|{'|'.join((*SIGNS, *map(str.capitalize, SIGNS), *LOCAL))})"
CURRENCIES = "a sign such as $ or €, or the three capitals of a code such as EUR"
# Prices that money is turned into have so many digits.
DIGITS = 12
HOW = "write it as 500, 2,000, '$500', 2c or 0.02, with a point before decimals"
# Commas part thousands, so `0,010` is no number.
NUMBER = r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?"
AMOUNT = re.compile(rf"(?P<before>[^\d\s.,+-]*)\s*(?P<number>{NUMBER})\s*(?P<after>[^\d\s.,+-]*)")
# What a shell leaves of amounts with `$` that are not quoted: of $1.50, $1,500, $500 and $0.02, where $0 is the shell.
EATEN = re.compile(r"(\S*sh)?[.,]\d.*|0\d.*")
SHELL = "did your shell take `$1` or the like from it? Put the amount in quotes, as in '$1.50'"


@dataclass(frozen=True)
class Amount:
    """A sum of money, or a number of gold labels."""

    value: float
    currency: str = ""
    """Its sign or name; empty where none was written."""
    is_money: bool = False
    """Whether it was written as money, so that it is no number of gold labels."""


def read_amount(text: str, least: float = SMALLEST) -> Amount:
    """The amount that a text names; ValueError says in a sentence what is wrong."""
    if not text.strip():
        raise ValueError(f"no amount is given; {HOW}")
    if EATEN.fullmatch(text.strip()):
        plain = ", or write a 0 before the point" if text.strip().startswith(".") else ""
        raise ValueError(f"{text} is no amount; {SHELL}{plain}")
    found = AMOUNT.fullmatch(text.strip())
    number = found["number"].replace(",", "") if found else ""
    if not number or (found["before"] and found["after"]):
        raise ValueError(f"{text} is no amount; {HOW}")
    unit = found["before"] or found["after"]
    cents = unit.lower() in CENTS
    try:
        value = float(number) / (100 if cents else 1)
    except ValueError:
        raise ValueError(f"{text} is no amount; {HOW}") from None
    if not (value == least == 0 or SMALLEST <= value <= 1 / SMALLEST):
        lowest = "0, or a number" if least == 0 else "a number"
        # What is left of $60.
        eaten = f"; {SHELL}" if text.strip() == "0" else ""
        raise ValueError(f"{text} must be {lowest} from {SMALLEST:g} to {1 / SMALLEST:g}{eaten}")
    return Amount(value, "" if cents else read_currency(unit) if unit else "", bool(unit))


def read_currency(text: str) -> str:
    """The currency that a text names; ValueError says in a sentence what is wrong."""
    if not re.fullmatch(CURRENCY, text):
        raise ValueError(f"{text} is no currency; write {CURRENCIES}")
    return text


def sign_of(currency: str) -> str:
    """The sign of a currency that has one, whether that or a word was written; else what was written."""
    return SIGNS.get(currency.lower(), currency)


def common_currency(amounts: Iterable[Amount | None], named: str | None) -> str:
    """The one currency of all amounts; empty where they are gold labels, or numbers of no named currency.

    named: the currency that was asked for, if any. Cents alone are of a dollar. Raises InputError for two currencies.
    """
    given = [amount for amount in amounts if amount]
    found = sorted({amount.currency for amount in given} | {named or ""} - {""})
    found = [currency for currency in found if currency]
    if len({*map(sign_of, found)}) > 1:
        raise InputError(f"The amounts are in {' and in '.join(found)}; give all in one currency.")
    if found:
        return found[0]
    return "$" if any(amount.is_money for amount in given) else ""


def amount_words(value: float, currency: str, unit: str = "") -> str:
    """An amount as people write it: `$1,200`, `€0.02`, `12 CHF`; without a currency with the unit.

    unit: what is counted where there is no currency, such as `gold labels`; empty for a bare number.
    """
    written = f"{value:,.2f}".removesuffix(".00") if value >= 1 else f"{value:.3g}"
    if not currency:
        return f"{written.rstrip('0').rstrip('.') if '.' in written else written} {unit}".rstrip()
    # Ten cents are 0.10.
    written += "0" * bool(re.fullmatch(r"0\.\d", written))
    return f"{written} {currency}" if currency.isalpha() else f"{currency}{written}"


@dataclass(frozen=True)
class Money:
    """What amounts are shown and asked in: a currency, or gold labels, in which all costs are counted."""

    currency: str = ""
    """Its sign or name; empty for gold labels."""
    gold_price: float = 1.0
    """Of a gold label, in the currency."""

    def of(self, cost) -> float:
        """An amount of gold labels, or an array of them, as it is shown."""
        if not self.currency:
            return cost
        if hasattr(cost, "__len__"):
            return cost * self.gold_price
        return float(exact(cost) * exact(self.gold_price))

    def in_gold(self, amount: float) -> float:
        """A price in gold labels, rounded down, so that a budget affords all labels that its money buys."""
        if not self.currency:
            return amount
        quotient = Context(prec=DIGITS, rounding=ROUND_DOWN).divide
        return float(quotient(Decimal(str(amount)), Decimal(str(self.gold_price))))

    def words(self, cost: float) -> str:
        """An amount of gold labels in the currency: `$1.20`."""
        return amount_words(self.of(cost), self.currency)

    @property
    def unit(self) -> str:
        """What amounts are counted in: `gold labels`, `$`."""
        return self.currency or "gold labels"


# The money of a study without a currency.
GOLD_LABELS = Money()
