"""What an SMSC's answers mean for a text. Codes: SMPP 3.4, section 5.1.3"""

from smpplib import consts

from sms_gateway.providers import Failure, FailureKind

PERMANENT = frozenset(
    {
        consts.SMPP_ESME_RINVMSGLEN,
        consts.SMPP_ESME_RINVDSTADR,
        consts.SMPP_ESME_RINVDSTTON,
        consts.SMPP_ESME_RINVDSTNPI,
        consts.SMPP_ESME_RX_P_APPN,
    }
)
TEMPORARY = frozenset(
    {
        consts.SMPP_ESME_RSYSERR,
        consts.SMPP_ESME_RMSGQFUL,
        consts.SMPP_ESME_RSUBMITFAIL,
        consts.SMPP_ESME_RTHROTTLED,
        consts.SMPP_ESME_RX_T_APPN,
        consts.SMPP_ESME_RDELIVERYFAILURE,
    }
)


def of_status(status: int) -> Failure:
    """Of an answer: the text was surely not taken. What is neither permanent nor temporary is our
    account or our configuration."""
    code = f"0x{status:08x}"
    if status in PERMANENT:
        return Failure(FailureKind.PERMANENT, code)
    if status in TEMPORARY:
        return Failure(FailureKind.TEMPORARY, code)
    return Failure(FailureKind.TECHNICAL, code)
