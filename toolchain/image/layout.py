# SPDX-License-Identifier: Apache-2.0
"""A folder as OCI's image layout has it (image-spec 1.1), of one image: blobs by their digests, and an index with the image's name."""
import hashlib, json, os

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Layout:
    def __init__(self, folder):
        self.folder, self.blobs = folder, os.path.join(folder, "blobs", "sha256")
        os.makedirs(self.blobs)

    def text(self, tree):
        return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()

    def add(self, kind, data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.blobs, digest), "wb") as out:
            out.write(data)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}

    def add_layer(self, layer, epoch):
        """(descriptor, digest of the tar, bytes of the tar)"""
        path = os.path.join(self.folder, "layer")
        diff, size = layer.write(path, epoch)
        digest = hashlib.sha256()
        with open(path, "rb") as data:
            while piece := data.read(1 << 20):
                digest.update(piece)
        descriptor = {"mediaType": LAYER, "digest": "sha256:" + digest.hexdigest(), "size": os.path.getsize(path)}
        os.rename(path, os.path.join(self.blobs, digest.hexdigest()))
        return descriptor, diff, size

    def finish(self, name, created, config, layers):
        """`layers` are [(what it is, result of add_layer())]. Returns the manifest's descriptor."""
        image = {"created": created, "architecture": "amd64", "os": "linux", "config": config,
                 "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff for _, (_, diff, _) in layers]},
                 "history": [{"created": created, "created_by": what} for what, _ in layers]}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.add(CONFIG, self.text(image)),
                    "layers": [descriptor for _, (descriptor, _, _) in layers]}
        descriptor = self.add(MANIFEST, self.text(manifest))
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
            {**descriptor, "platform": {"architecture": "amd64", "os": "linux"}, "annotations": {"org.opencontainers.image.ref.name": name}}]}
        for file, tree in (("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
            with open(os.path.join(self.folder, file), "wb") as out:
                out.write(self.text(tree))
        return descriptor
