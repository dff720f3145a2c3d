/**
 * A certificate for `files.kernelci.org` that nobody trusts but the tests, valid from 2020 to 2120, and its key. Made
 * with `openssl req` and `openssl ca -selfsign`.
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBezCCASCgAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFrZXJuZWxi
b2FyZCB0ZXN0czAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRa2VybmVsYm9hcmQgdGVzdHMwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAQgxUwkRxNQeKmlMgjORQyvpZ8WqZ+ahjbvLAGe04PPZi7nSQeD82HqK+Je
mSZ1G18kVMewjkt8kOtZklrDHYF7o1EwTzAdBgNVHREEFjAUghJmaWxlcy5rZXJu
ZWxjaS5vcmcwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUtktXOkDWOJAWIZkF
AGOBsP+LpMswCgYIKoZIzj0EAwIDSQAwRgIhAPPUociMdMc/nGxp9rUQOsZQH7nr
AwJi61+MHFh3PJQhAiEAzOdVRNMc0KvrGrjTlRB/+XHErv/NPUh/c4E67cYHqu4=
-----END CERTIFICATE-----
`;

export const CERTIFICATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFU/4Dca5s6+9us/Y
D9Ns0i3/aRzSIbMQN0izqlA73rKhRANCAAQgxUwkRxNQeKmlMgjORQyvpZ8WqZ+a
hjbvLAGe04PPZi7nSQeD82HqK+JemSZ1G18kVMewjkt8kOtZklrDHYF7
-----END PRIVATE KEY-----
`;
