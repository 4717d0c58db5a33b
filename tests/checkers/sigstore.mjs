// Checks one of our receipts with what sigstore wrote for its own log: the checkpoint's signature and the
// way from the entry to its root. node sigstore.mjs VKEY ENTRY PROOF; exit status 0: it holds.
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { verifyTLogInclusion } = createRequire(import.meta.url)('@sigstore/verify/dist/tlog')

const [vkey, entryFile, proofFile] = process.argv.slice(2)
const [name, id] = vkey.split('+')
const material = Buffer.from(vkey.slice(name.length + id.length + 2), 'base64') // may hold a + itself
const publicKey = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: material.subarray(1).toString('base64url') },
  format: 'jwk',
})
const text = readFileSync(proofFile, 'utf8')
const gap = text.indexOf('\n\n')
const [index, ...hashes] = text.slice(0, gap).split('\n').filter((line) => !/^(c2sp|extra )/.test(line))
const envelope = text.slice(gap + 2)
const [, size, root] = envelope.split('\n')

verifyTLogInclusion(
  {
    canonicalizedBody: readFileSync(entryFile),
    inclusionProof: {
      logIndex: index.replace('index ', ''),
      treeSize: size,
      rootHash: Buffer.from(root, 'base64'),
      hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
      checkpoint: { envelope },
    },
  },
  [{ logID: Buffer.from(id, 'hex'), baseURL: name, publicKey }],
)
