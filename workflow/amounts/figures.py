"""Money and ratios: exact arithmetic, one rounding, and how figures are written."""

from decimal import ROUND_HALF_UP, Context, Decimal

from bpmn.text import Text
from workflow.amounts.refusals import ClaimRefused

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
# One bill of ten thousand million yuan is a slip of the hand; it also keeps every figure far inside
# what cn2an can write (16 digits).
MOST = Decimal("9999999999.99")
# Wide enough that sums and products of such figures are exact whatever context the caller has.
EXACT = Context(prec=60)


def rounded(amount: Decimal) -> Decimal:
    """Half up to 0.01 yuan [C-01]."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP, context=EXACT)


def check_money(name: str, amount: Decimal) -> None:
    """Refuse what cannot be an amount in yuan: negative, endless, finer than 0.01, or absurdly large.

    Raises:
        ClaimRefused: in words.
        TypeError: not a Decimal; a float has lost its cents before it arrives.
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"{name} must be a Decimal, is {type(amount).__name__}")
    if not amount.is_finite() or amount < 0 or amount > MOST:
        raise ClaimRefused(
            Text(
                f"{name} 应为0到{MOST}元的金额，现为{amount}", f"{name} must be 0 to {MOST} yuan, is {amount}"
            )
        )
    if amount != rounded(amount):
        raise ClaimRefused(
            Text(f"{name} 最多两位小数，现为{amount}", f"{name} has at most two decimals, is {amount}")
        )


def yuan(fen: int) -> Decimal:
    """Fen, as cases keep amounts, in yuan."""
    return Decimal(fen).scaleb(-2)


def fen(amount: Decimal) -> int:
    """Yuan of two decimals in fen."""
    return int(amount.scaleb(2))


def money(amount: Decimal) -> str:
    """An amount in yuan with two decimals, for output: 13990.50."""
    return format(rounded(amount), "f")


def signed(amount: Decimal) -> str:
    """A difference in yuan with its sign: +200.00, -200.00, 0.00."""
    return f"{rounded(amount):+f}" if amount else money(ZERO)


def figure(amount: Decimal) -> str:
    """An intermediate figure as exact as it is, with at least two decimals: 11111.103, 3375.00."""
    cents = rounded(amount)
    return str(cents) if cents == amount else format(amount.normalize(EXACT), "f")


def percent(ratio: Decimal) -> str:
    """A ratio as people write it: 75%."""
    return f"{format((ratio * 100).normalize(EXACT), 'f')}%"


def in_words(amount: Decimal) -> str:
    """An amount in capital characters (大写), with 人民币 in front (domain 10.2).

    Rounded first, because cn2an silently cuts what is finer than 0.01.

    Raises:
        ValueError: the amount is negative; the office never writes a negative amount.
    """
    if amount < 0:
        raise ValueError(f"no capital characters for a negative amount: {amount}")
    import cn2an  # late: only letters and sheets need it, and it reads in a fifth of a second

    return f"人民币{cn2an.an2cn(money(amount), 'rmb')}"
