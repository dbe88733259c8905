"""Names of policies that a softphone feels, as the vendors' templates spell them, and what is found in their place.

From chrome.admx 142, Microsoft's Edge pages and Mozilla's policy templates; what is misspelt was seen in public
configurations. Registry names may be written in any case; in JSON files and property lists case counts.
"""

from readycheck.host.browser.found import Name

CHROMIUM: dict[str, type] = {
    "AudioCaptureAllowed": bool,
    "AudioCaptureAllowedUrls": list,
    "DefaultMediaStreamSetting": int,
    "URLBlocklist": list,
    "URLAllowlist": list,
    "WebRtcIPHandling": str,
    "WebRtcIPHandlingUrl": list,
    "WebRtcUdpPortRange": str,
    "WebRtcLocalIpsAllowedUrls": list,
    "WebRtcPostQuantumKeyAgreement": bool,
    "DefaultNotificationsSetting": int,
    "NotificationsAllowedForUrls": list,
    "NotificationsBlockedForUrls": list,
    "AutoplayAllowed": bool,
    "AutoplayAllowlist": list,
    "DefaultWebHidGuardSetting": int,
    "WebHidAskForUrls": list,
    "WebHidBlockedForUrls": list,
    "WebHidAllowAllDevicesForUrls": list,
    "WebHidAllowDevicesForUrls": list,
    "WebHidAllowDevicesWithHidUsagesForUrls": list,
    "LocalNetworkAccessRestrictionsEnabled": bool,
    "LocalNetworkAccessAllowedForUrls": list,
    "LocalNetworkAccessBlockedForUrls": list,
    "IntensiveWakeUpThrottlingEnabled": bool,
    "TabDiscardingExceptions": list,
    "HighEfficiencyModeEnabled": bool,
    "AudioSandboxEnabled": bool,
    "AudioProcessHighPriorityEnabled": bool,
    "QuicAllowed": bool,
    "BuiltInDnsClientEnabled": bool,
    "DnsOverHttpsMode": str,
    "ProxySettings": dict,
    "ProxyMode": str,
    "ProxyServer": str,
    "ProxyPacUrl": str,
    "ProxyBypassList": str,
}
EDGE_ALONE: dict[str, type] = {
    "WebRtcLocalhostIpHandling": str,
    "WebRtcRespectOsRoutingTableEnabled": bool,
    "SleepingTabsEnabled": bool,
    "SleepingTabsBlockedForUrls": list,
    "EfficiencyModeEnabled": bool,
}
NOT_IN_EDGE = {"WebRtcIPHandling", "DefaultMediaStreamSetting", "TabDiscardingExceptions", "HighEfficiencyModeEnabled"}
FIREFOX: dict[str, type] = {
    "Permissions": dict,
    "Preferences": dict,
    "Proxy": dict,
    "DisableAppUpdate": bool,
    "AppAutoUpdate": bool,
    "AppUpdatePin": str,
}
FIREFOX_PARTS = (
    *("Microphone", "Notifications", "Autoplay", "Camera", "Allow", "Block", "BlockNewRequests", "Locked", "Default"),
    *("Value", "Status", "Type", "Mode", "HTTPProxy", "SSLProxy", "SOCKSProxy", "SOCKSVersion", "AutoConfigURL"),
    *("Passthrough", "UseHTTPProxyForAllProtocols"),
)
"""Names below those, of which registry keys lose the case."""


MISSPELT = {"webrtciphandlingpolicy", "webrtcudpportranges", "disablewebrtc", "audiocaptureallowedurl"}
DEAD = {"WebRtcAllowLegacyTLSProtocols", "AutoplayWhitelist", "URLBlacklist", "URLWhitelist"}
"""Once policies, taken out since."""
CLOUD_TOKENS = {"cloudmanagementenrollmenttoken", "edgemanagementenrollmenttoken"}
"""With one of them the vendor's cloud prescribes more than is told here. Their values are secrets."""


def known(browser: Name) -> dict[str, type]:
    """Policies of this browser, with the type that each must have."""
    if browser == "firefox":
        return FIREFOX
    if browser == "edge":
        return {name: kind for name, kind in CHROMIUM.items() if name not in NOT_IN_EDGE} | EDGE_ALONE
    return CHROMIUM


_SPELT = {name.lower(): name for name in (*CHROMIUM, *EDGE_ALONE, *FIREFOX, *FIREFOX_PARTS, *DEAD, "Recommended")}


def spelt(name: str) -> str:
    """A registry name as the vendors spell it."""
    return _SPELT.get(name.lower(), name)


def has_no_effect(browser: Name, name: str) -> bool:
    """Whether a name looks like a policy of these and is none of this browser's."""
    lowered = name.lower()
    if name in known(browser):
        return False
    others = set() if browser == "firefox" else {one.lower() for one in (*CHROMIUM, *EDGE_ALONE)}
    return lowered in MISSPELT or lowered in others or lowered in {one.lower() for one in known(browser)}
