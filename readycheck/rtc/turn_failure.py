"""What a TURN server's refusal means, in the closed list of failures."""

from readycheck.model.clean import clean
from readycheck.model.failure import Failure, FailureCode
from readycheck.rtc.ice_server import Credentials
from readycheck.rtc.turn_client import Refused

_CODE_OF_NUMBER = {
    300: FailureCode.TURN_REDIRECT_FAILED,
    401: FailureCode.TURN_UNAUTHORIZED,
    403: FailureCode.TURN_FORBIDDEN,
    437: FailureCode.TURN_ALLOCATION_MISMATCH,
    441: FailureCode.TURN_UNAUTHORIZED,
    486: FailureCode.TURN_QUOTA_REACHED,
    508: FailureCode.TURN_INSUFFICIENT_CAPACITY,
}


def failure_of(refused: Refused, operation: str, credentials: Credentials | None, now_unix_s: float) -> Failure:
    """The failure behind an error code. An expired TURN REST name is told apart, which no server does by itself."""
    detail = f"{refused.number or ''} {clean(refused.phrase)}".strip()
    code = _CODE_OF_NUMBER.get(refused.number, FailureCode.TURN_BAD_ANSWER)
    if code == FailureCode.TURN_UNAUTHORIZED and credentials:
        left_s = credentials.expires_in_s(now_unix_s)
        if left_s is not None and left_s <= 0:
            expired_since_s = -left_s
            ago = f"{expired_since_s / 3600:.1f} h ago" if expired_since_s >= 3600 else f"{expired_since_s:.0f} s ago"  # noqa: PLR2004 - an hour
            return Failure(
                FailureCode.TURN_CREDENTIAL_EXPIRED,
                operation,
                f"{detail}; by this machine's clock the user name ran out {ago}; if that is wrong, set the clock",
            )
        if left_s is not None:
            detail += "; the user name carries an expiry: a wrong clock here or at the server would look the same"
    return Failure(code, operation, detail)
