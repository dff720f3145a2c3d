import { describe, expect, it } from "vitest";
import { judgeUrl } from "./target.ts";

const BUCKET = "https://s3.amazonaws.com/arr-cki-prod-trusted-artifacts";

describe("judgeUrl", () => {
  it.each([
    ["https://files.kernelci.org/a/log.txt.gz?x=1", "https://files.kernelci.org/a/log.txt.gz?x=1"],
    ["HTTPS://FILES.KernelCI.org/A", "https://files.kernelci.org/A"],
    ["http://a.b.c.kernelci.org", "http://a.b.c.kernelci.org/"],
    ["http://files.kernelci.org:80/x", "http://files.kernelci.org/x"],
    ["http://files.kernelci.org:443/x", "http://files.kernelci.org:443/x"],
    ["https://files.kernelci.org:80/x", "https://files.kernelci.org:80/x"],
    ["https://files.kernelci.org:0443/x", "https://files.kernelci.org/x"],
    ["https://syzkaller.appspot.com/text?tag=CrashLog", "https://syzkaller.appspot.com/text?tag=CrashLog"],
    ["https://ci.sirena.org.uk/x", "https://ci.sirena.org.uk/x"],
    ["https://lisalogs6a28e896.blob.core.windows.net/x", "https://lisalogs6a28e896.blob.core.windows.net/x"],
    ["https://storage.tuxsuite.com/x", "https://storage.tuxsuite.com/x"],
    ["https://qa-reports.linaro.org/@x", "https://qa-reports.linaro.org/@x"],
    [`${BUCKET}/a/b`, `${BUCKET}/a/b`],
    [`${BUCKET}/x/../y`, `${BUCKET}/y`],
    [`${BUCKET}/`, `${BUCKET}/`],
    // What the parser makes of these is the host that is connected with, and allowed.
    ["https://files%2ekernelci%2eorg/x", "https://files.kernelci.org/x"],
    ["https://ｆiles.kernelci。org/x", "https://files.kernelci.org/x"],
    ["https://bücher.kernelci.org/x", "https://xn--bcher-kva.kernelci.org/x"],
  ])("%s is fetched", (text, expected) => {
    const url = judgeUrl(text);
    expect(url).toBeInstanceOf(URL);
    expect(String(url)).toBe(expected);
  });

  it.each([
    [""],
    ["files.kernelci.org/x"],
    ["/x"],
    ["//files.kernelci.org/x"],
    ["not a url"],
    ["ftp://files.kernelci.org/x"],
    ["file:///etc/passwd"],
    ["javascript:alert(1)"],
    ["https:files.kernelci.org/x"],
    ["https:/files.kernelci.org/x"],
    ["https:///files.kernelci.org/x"],
    ["http://"],
    ["http://:80/"],
    ["http://?x"],
    ["https://files.kernelci.org:99999/x"],
    ["https://files.kernelci.org:x/"],
    ["https://user@files.kernelci.org/x"],
    ["https://user:password@files.kernelci.org/x"],
    ["https://@files.kernelci.org/x"],
    ["https://:@files.kernelci.org/x"],
    ["https://files.kernelci.org@127.0.0.1/x"],
    ["https://127.0.0.1\\@files.kernelci.org/x"],
    ["https://127.0.0.1\\.kernelci.org/x"],
    ["https://files.kernelci.org\\x"],
    ["https:\\\\files.kernelci.org/x"],
    ["https://files.kernelci.org/a b"],
    [" https://files.kernelci.org/x"],
    ["https://files.kernelci.org/x\n"],
    ["https://files.ker\tnelci.org/x"],
    ["https://files.kernelci.org/\0"],
    ["https://files.kernelci.org/\u0085"],
    ["https://files.kernelci.org/\u00a0"],
    ["https://127.0.0.1%40files.kernelci.org/x"],
    ["https://files.kernelci.org%00.example.org/x"],
    ["https://files.kernelci.org%2fx"],
    ["https://[::1/x"],
    ["https://1.2.3.999/x"],
  ])("%j is no URL that can be fetched", (text) => {
    expect(judgeUrl(text)).toBe("invalid");
  });

  it.each([
    ["https://kernelci.org/x"],
    ["https://linaro.org/x"],
    ["https://sirena.org.uk/x"],
    ["https://.kernelci.org/x"],
    ["https://a..kernelci.org/x"],
    ["https://evilkernelci.org/x"],
    ["https://files.kernelci.org.example.org/x"],
    ["https://files.kernelci.org./x"],
    ["https://files.kernelci.org%2e/x"],
    ["https://x.syzkaller.appspot.com/x"],
    ["https://storage.tuxsuite.com.:443/x"],
    ["https://example.org/?https://files.kernelci.org/"],
    ["https://example.org/#@files.kernelci.org/"],
    ["https://files.kernelci.org:8080/x"],
    ["http://files.kernelci.org:22/x"],
    ["http://files.kernelci.org:0/x"],
    ["http://127.0.0.1/x"],
    ["http://127.0.0.1:1/x"],
    ["http://2130706433/x"],
    ["http://0x7f000001/x"],
    ["http://0177.0.0.1/x"],
    ["http://127.1/x"],
    ["http://0/x"],
    ["http://[::1]/x"],
    ["http://[::ffff:127.0.0.1]/x"],
    ["http://localhost/x"],
    ["https://s3.amazonaws.com/"],
    ["https://s3.amazonaws.com/arr-cki-prod-trusted-artifacts"],
    ["https://s3.amazonaws.com/arr-cki-prod-trusted-artifacts-2/x"],
    ["https://s3.amazonaws.com/ARR-cki-prod-trusted-artifacts/x"],
    ["https://s3.amazonaws.com/other/arr-cki-prod-trusted-artifacts/x"],
    [`${BUCKET}/../other/x`],
    [`${BUCKET}/%2e%2e/other/x`],
    [`${BUCKET}/.%2E/other/x`],
    [`${BUCKET}/..%2fother/x`],
    [`${BUCKET}/..%5cother/x`],
    [`${BUCKET}%2fx`],
  ])("%s is not allowed", (text) => {
    expect(judgeUrl(text)).toBe("forbidden");
  });

  it.each([
    ["other.txt", "https://files.kernelci.org/a/other.txt"],
    ["/x", "https://files.kernelci.org/x"],
    ["//storage.tuxsuite.com/x", "https://storage.tuxsuite.com/x"],
    ["http://files.kernelci.org/x", "http://files.kernelci.org/x"],
    ["//example.org/x", "forbidden"],
    ["https://files.kernelci.org:8443/x", "forbidden"],
    ["ftp://files.kernelci.org/x", "invalid"],
    ["//@files.kernelci.org/x", "invalid"],
    ["/a b", "invalid"],
    ["/\\example.org/x", "invalid"],
  ])("a redirect to %j is judged like a URL of its own", (text, expected) => {
    expect(String(judgeUrl(text, undefined, new URL("https://files.kernelci.org/a/b")))).toBe(expected);
  });
});
