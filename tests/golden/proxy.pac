// Voice goes out directly in office hours, everything else through the proxy.
function FindProxyForURL(url, host) {
  if (isInNet(host, "10.0.0.0", "255.0.0.0")) return "DIRECT";
  if (weekdayRange("MON", "FRI") && shExpMatch(host, "*.voice.example.com")) return "DIRECT";
  return "PROXY proxy.example.com:3128; DIRECT";
}
