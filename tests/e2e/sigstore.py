# SPDX-License-Identifier: Apache-2.0
"""A private Sigstore, for tests: an authority that certifies identities, a log of its certificates and a log of signatures, all by
openssl and as Fulcio, its log and Rekor v1 would write them (RFC 6962 §3; docs/spec/cli-and-distribution.md §5.5). cosign 3.1.3 and kwctl verify what it signs, with its trusted_root()."""
import base64, hashlib, json, subprocess, time

GITHUB = "https://token.actions.githubusercontent.com"
FULCIO = "1.3.6.1.4.1.57264.1."
SCT_LIST = bytes.fromhex("060a2b06010401d679020402")  # 1.3.6.1.4.1.11129.2.4.2


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def base64_of(data):
    return base64.b64encode(data).decode()


# --- As much of DER as it takes to add an extension ---

def wrap(tag, body):
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    count = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | count]) + size.to_bytes(count, "big") + body


def parts(body):
    """What follows one another: (tag, contents)."""
    found = []
    while body:
        size, head = body[1], 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(body[2:head], "big")
        found.append((body[0], body[head:head + size]))
        body = body[head + size:]
    return found


def unwrap(data):
    ((_, body),) = parts(data)
    return body


class Key:
    def __init__(self, path):
        self.path = path
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        self.public = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
        self.id = hashlib.sha256(self.public).digest()

    def sign(self, data):
        return openssl("dgst", "-sha256", "-sign", self.path, data=data)

    def log(self):
        """As a trust root has it."""
        return {"baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256", "logId": {"keyId": base64_of(self.id)}, "publicKey": {
            "rawBytes": base64_of(self.public), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": "2020-01-01T00:00:00Z"}}}


class Sigstore:
    def __init__(self, folder, name):
        self.folder, self.name, self.count = folder, name, 0
        self.root, self.certificates, self.signatures = (Key(f"{folder}/{name}-{part}") for part in ("root", "certificates", "signatures"))
        openssl("req", "-x509", "-new", "-key", self.root.path, "-subj", "/O=example/CN=" + name, "-days", "30", "-out",
                self.root.path + ".crt", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.root_der = openssl("x509", "-in", self.root.path + ".crt", "-outform", "DER")

    def trusted_root(self):
        chain = {"certificates": [{"rawBytes": base64_of(self.root_der)}]}
        return {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [self.signatures.log()],
                "ctlogs": [self.certificates.log()], "timestampAuthorities": [],
                "certificateAuthorities": [{"subject": {"organization": "example", "commonName": self.name}, "uri": "https://ca.example",
                                            "certChain": chain, "validFor": {"start": "2020-01-01T00:00:00Z"}}]}

    def _precertificate(self, identity, issuer, repository, key):
        lines = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=codeSigning", "subjectAltName=critical," + identity,
                 f"{FULCIO}1=DER:{issuer.encode().hex()}", f"{FULCIO}8=ASN1:UTF8String:{issuer}"]
        if repository:
            lines += [f"{FULCIO}5=DER:{repository.encode().hex()}", f"{FULCIO}12=ASN1:UTF8String:https://github.com/{repository}"]
        with open(key.path + ".extensions", "w") as out:
            out.write("\n".join(lines) + "\n")
        openssl("req", "-new", "-key", key.path, "-subj", "/", "-out", key.path + ".csr")
        openssl("x509", "-req", "-in", key.path + ".csr", "-CA", self.root.path + ".crt", "-CAkey", self.root.path, "-CAcreateserial",
                "-days", "1", "-extfile", key.path + ".extensions", "-out", key.path + ".crt")
        return openssl("x509", "-in", key.path + ".crt", "-outform", "DER")

    def certify(self, identity, issuer, repository=None, is_logged=True):
        """(key, certificate as PEM); `identity` as openssl's names: `email:…`, `URI:…`."""
        self.count += 1
        key = Key(f"{self.folder}/{self.name}-{self.count}")
        (_, to_sign), (_, algorithm), _ = parts(unwrap(self._precertificate(identity, issuer, repository, key)))
        if is_logged:
            milliseconds = int(time.time() * 1000).to_bytes(8, "big")
            bare = wrap(0x30, to_sign)
            signature = self.certificates.sign(b"\0\0" + milliseconds + b"\0\1" + self.root.id + len(bare).to_bytes(3, "big") + bare +
                                               b"\0\0")
            stamp = b"\0" + self.certificates.id + milliseconds + b"\0\0\4\3" + len(signature).to_bytes(2, "big") + signature
            stamps = len(stamp).to_bytes(2, "big") + stamp
            extension = wrap(0x30, SCT_LIST + wrap(4, wrap(4, len(stamps).to_bytes(2, "big") + stamps)))
            *fields, (tag, extensions) = parts(to_sign)
            assert tag == 0xA3
            to_sign = b"".join(wrap(*field) for field in fields) + wrap(0xA3, wrap(0x30, unwrap(extensions) + extension))
        signed = wrap(0x30, to_sign)
        certificate = wrap(0x30, signed + wrap(0x30, algorithm) + wrap(3, b"\0" + self.root.sign(signed)))
        return key, openssl("x509", "-inform", "DER", data=certificate).decode()

    def sign(self, payload, key, certificate, seconds=None):
        """The annotations of cosign's old scheme; `seconds`: when the log says that it was."""
        signature = base64_of(key.sign(payload))
        body = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}},
            "signature": {"content": signature, "publicKey": {"content": base64_of(certificate.encode())}}}}
        entry = {"body": base64_of(json.dumps(body).encode()), "integratedTime": int(time.time()) if seconds is None else seconds,
                 "logID": self.signatures.id.hex(), "logIndex": 7}
        promise = self.signatures.sign(json.dumps(entry, separators=(",", ":"), sort_keys=True).encode())
        with open(self.root.path + ".crt") as chain:
            return {"dev.cosignproject.cosign/signature": signature, "dev.sigstore.cosign/certificate": certificate,
                    "dev.sigstore.cosign/chain": chain.read(),
                    "dev.sigstore.cosign/bundle": json.dumps({"SignedEntryTimestamp": base64_of(promise), "Payload": entry})}
