"""Messages of a bank, as small as they can be."""

BODIES = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
RETURNED = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
NAMESPACE = 'xmlns="urn:iso:std:iso:20022:tech:xsd:{}"'


def statement(kind: str, *entries: str, namespace: str | None = None) -> bytes:
    """A message of an account, of version .08 unless another namespace is declared."""
    body, part = BODIES[kind]
    declared = NAMESPACE.format(f"{kind}.001.08") if namespace is None else namespace
    account = "<Id>S-1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>"
    head = "<GrpHdr><MsgId>M-1</MsgId></GrpHdr>"
    inside = f"{head}<{part}>{account}{''.join(entries)}</{part}>"
    return f'<?xml version="1.0"?>\n<Document {declared}><{body}>{inside}</{body}></Document>'.encode()


def entry(
    amount: str, *payments: str, reference: str = "", way: str = "CRDT", more: str = "", ccy: str = "EUR"
) -> str:
    """A booked entry; `more` stands before its payments, as its code does."""
    named = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    details = f"<NtryDtls>{''.join(payments)}</NtryDtls>" if payments else ""
    said = f"<CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-10-05</Dt></BookgDt>"
    return f'<Ntry><Amt Ccy="{ccy}">{amount}</Amt>{said}{named}{more}{details}</Ntry>'


def payment(end_to_end_id: str = "", amount: str = "", more: str = "", ccy: str = "EUR") -> str:
    """A payment of an entry."""
    named = f"<Refs><EndToEndId>{end_to_end_id}</EndToEndId></Refs>" if end_to_end_id else ""
    said = f'<Amt Ccy="{ccy}">{amount}</Amt>' if amount else ""
    return f"<TxDtls>{named}{said}{more}</TxDtls>"


def parties(name: str = "", account: str = "", role: str = "Cdtr", inside: str = "") -> str:
    """Whom a payment names; `inside` is Pty in versions from .08 on."""
    named = f"<Nm>{name}</Nm>" if name else ""
    wrapped = f"<{inside}>{named}</{inside}>" if inside else named
    numbered = f"<{role}Acct><Id><IBAN>{account}</IBAN></Id></{role}Acct>" if account else ""
    return f"<RltdPties><{role}>{wrapped}</{role}>{numbered}</RltdPties>"


def code(family: str, sub_family: str) -> str:
    """A bank transaction code of ISO 20022 in payments."""
    fmly = f"<Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly>"
    return f"<BkTxCd><Domn><Cd>PMNT</Cd>{fmly}</Domn></BkTxCd>"


def report(group: str, *parts: str) -> bytes:
    """A status report: what is said of the order, and of its parts."""
    said = f"<OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>"
    inside = f"<GrpHdr><MsgId>M-2</MsgId></GrpHdr>{said}{''.join(parts)}"
    declared = NAMESPACE.format("pain.002.001.10")
    return f"<Document {declared}><CstmrPmtStsRpt>{inside}</CstmrPmtStsRpt></Document>".encode()


def of_payment(end_to_end_id: str, status: str, why: str = "") -> str:
    """What a report says of a payment."""
    said = f"<OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
    return f"<TxInfAndSts>{said}{why}</TxInfAndSts>"


def why(reason: str, words: str = "") -> str:
    """Why a report says so."""
    added = f"<AddtlInf>{words}</AddtlInf>" if words else ""
    return f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn>{added}</StsRsnInf>"


def of_part(status: str, *payments: str, why: str = "") -> str:
    """What a report says of a payment information."""
    said = f"<OrgnlPmtInfId>RUN-1-EUR</OrgnlPmtInfId><PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"<OrgnlPmtInfAndSts>{said}{why}{''.join(payments)}</OrgnlPmtInfAndSts>"
