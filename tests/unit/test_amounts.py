import pytest

from elicitation.buying.amounts import Amount, amount_words, common_currency, read_amount, read_currency
from elicitation.errors import InputError


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("500", 500, ""),
        ("$500", 500, "$"),
        ("2,000", 2000, ""),
        ("1,234,567.5", 1234567.5, ""),
        ("0.5 €", 0.5, "€"),
        ("CHF 12", 12, "CHF"),
        ("$.25", 0.25, "$"),
        ("US$5", 5, "US$"),
        ("5 zł", 5, "zł"),
        ("5 Dollars", 5, "Dollars"),
        ("1e3", 1000, ""),
    ],
)
def test_amounts_are_read_as_people_write_them(text, value, currency):
    assert read_amount(text) == Amount(value, currency, bool(currency))


@pytest.mark.parametrize("text", ["2c", "2 ct", "2¢", "2 cents"])
def test_cents_are_hundredths_of_whatever_currency(text):
    assert read_amount(text) == Amount(0.02, "", True)


@pytest.mark.parametrize("text", ["", "x", "1,5", "0,010", "2,00", "$5€", "5 6", "1.2.3", "nan", "inf", "$"])
def test_what_is_no_amount_is_refused_with_examples(text):
    with pytest.raises(
        ValueError,
        match=r"(is no amount|^no amount is given); write it as .*'\$500', 2c or 0\.02, with a point before decimals",
    ):
        read_amount(text)


@pytest.mark.parametrize("text", [".50", ",500", "00", "00.50", "bash.004", "-bash.004", "/bin/zsh.004"])
def test_what_a_shell_leaves_of_an_amount_without_quotes_is_refused(text):
    # Of $1.50, $1,500, $500, $500.50, and $0.004.
    with pytest.raises(
        ValueError, match=r"is no amount; did your shell take `\$1` or .* in quotes, as in '\$1\.50'"
    ) as said:
        read_amount(text)
    assert ("write a 0 before the point" in str(said.value)) == (text == ".50")


@pytest.mark.parametrize("text", ["0.004 bash", "bash0.004", "5 eggs", "5 Eur$", "chf 5"])
def test_a_word_is_no_currency(text):
    with pytest.raises(
        ValueError, match=r" is no currency; write a sign such as \$ or €, or the three capitals of a code"
    ):
        read_amount(text)


def test_a_currency_is_a_sign_or_a_code():
    assert [*map(read_currency, ("$", "CA$", "€", "CHF", "eur", "Kč"))] == ["$", "CA$", "€", "CHF", "eur", "Kč"]
    with pytest.raises(ValueError, match="gold is no currency"):
        read_currency("gold")


@pytest.mark.parametrize("text", ["-3", "0", "1e-300", "1e13"])
def test_amounts_that_no_label_costs_are_refused(text):
    with pytest.raises(ValueError, match=f"{text} must be a number from 1e-12 to 1e\\+12"):
        read_amount(text)


def test_nothing_may_be_what_a_shell_leaves():
    # Of $60.
    with pytest.raises(ValueError, match=r"0 must be a number from .*; did your shell take `\$1`"):
        read_amount("0")
    with pytest.raises(ValueError, match=r"to 1e\+12$"):
        read_amount("0.0")


def test_nothing_is_an_amount_where_it_may_be():
    assert read_amount("0", least=0).value == 0
    with pytest.raises(ValueError, match="must be 0, or a number from"):
        read_amount("-1", least=0)


@pytest.mark.parametrize(
    ("texts", "named", "currency"),
    [
        (["500", "0.1"], None, ""),
        (["$500", "2c"], None, "$"),
        (["500", "2c"], "€", "€"),
        (["500", "2c"], None, "$"),
        (["€5", "5"], "€", "€"),
    ],
)
def test_amounts_have_one_currency(texts, named, currency):
    assert common_currency([*map(read_amount, texts), None], named) == currency


def test_two_currencies_are_refused():
    with pytest.raises(InputError, match=r"The amounts are in \$ and in €; give all in one currency\."):
        common_currency([read_amount("$5"), read_amount("€5")], None)


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        (1234.5, "$", "$1,234.50"),
        (500.0, "$", "$500"),
        (0.02, "€", "€0.02"),
        (0.1, "€", "€0.10"),
        (0.204, "$", "$0.204"),
        (0.0, "$", "$0"),
        (12.0, "CHF", "12 CHF"),
        (64.0, "", "64 gold labels"),
        (7.1104, "", "7.11 gold labels"),
        (0.5, "", "0.5 gold labels"),
        (1000.0, "", "1,000 gold labels"),
    ],
)
def test_amounts_are_told_as_people_write_them(value, currency, words):
    assert amount_words(value, currency, "gold labels") == words
