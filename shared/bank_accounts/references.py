"""References that a payee asks payers to say: of Swiss QR bills (QRR), and creditor references (SCOR).

QRR is 27 digits, the last of them a check digit modulo 10, recursively, as the Swiss Payment Standards have it.
SCOR is ISO 11649: RF, two check digits modulo 97 as of an IBAN, and up to 21 letters and digits.
"""

import re
from typing import Final

QRR: Final = re.compile("[0-9]{27}")
SCOR: Final = re.compile("RF[0-9]{2}[A-Z0-9]{1,21}")
_CARRIES: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_MODULUS, _REMAINDER = 97, 1


def is_qr_iban(iban: str) -> bool:
    """Whether an IBAN is one of Switzerland or Liechtenstein for QR bills: its institution is 30000 to 31999.

    The Swiss Payment Standards keep these for payments with a QR reference; banks refuse others.
    """
    institution = iban[4:9]
    return iban[:2] in {"CH", "LI"} and institution.isdigit() and institution[:2] in {"30", "31"}


def is_qrr(reference: str) -> bool:
    """Whether a reference is built as one of a QR bill is, whatever its check digit."""
    return QRR.fullmatch(reference) is not None


def check_digit(digits: str) -> int:
    """The check digit modulo 10, recursively: each digit moves on in a row of carries."""
    carry = 0
    for digit in digits:
        carry = _CARRIES[(carry + int(digit)) % 10]
    return (10 - carry) % 10


def _why_not_qrr(reference: str) -> str | None:
    if not is_qrr(reference):
        return "with a QR-IBAN goes a QR reference, 27 digits"
    if check_digit(reference[:-1]) != int(reference[-1]):
        return "the check digit of the QR reference does not fit; is a digit wrong?"
    return None


def why_not_reference(reference: str, iban: str) -> str | None:
    """Why a reference, in electronic form, cannot go with an account; None when it can."""
    if is_qr_iban(iban):
        return _why_not_qrr(reference)
    if is_qrr(reference):
        return "a QR reference goes with a QR-IBAN alone, whose fifth to ninth characters are 30000 to 31999"
    if SCOR.fullmatch(reference) is None:
        return "a reference is RF, two digits and up to 21 letters and digits; with a QR-IBAN, 27 digits"
    digits = "".join(str(int(char, 36)) for char in reference[4:] + reference[:4])
    if int(digits) % _MODULUS != _REMAINDER:
        return "the check digits of the reference do not fit; is a letter or a digit wrong?"
    return None
