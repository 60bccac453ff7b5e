import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../lib/thrown.js'
import type { ChainEnd } from './audit-chain.js'

export interface SignedEnd extends ChainEnd {
  /** Ed25519 over the text `SEQUENCE HASH`, in Base64. */
  readonly signature: string
  /** PEM (SPKI). */
  readonly publicKey: string
}

/** Signs the end of an audit log. A person who changes the file needs the key to sign its new end. */
export class AuditSigner {
  readonly #key: KeyObject
  readonly #publicKey: string

  constructor(key: KeyObject) {
    this.#key = key
    this.#publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  }

  /** Reads the key, a PEM file (PKCS #8), or creates it. */
  static async open(path: string): Promise<AuditSigner> {
    const found = await readFile(path, 'utf8').catch((error) => {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    })
    return new AuditSigner(createPrivateKey(found ?? (await createKey(path))))
  }

  sign({ sequence, hash }: ChainEnd): SignedEnd {
    const signature = sign(null, Buffer.from(`${sequence} ${hash}`), this.#key).toString('base64')
    return { sequence, hash, signature, publicKey: this.#publicKey }
  }
}

async function createKey(path: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await mkdir(dirname(path), { recursive: true })
  // Two gateways that share a folder must not each write a key.
  await writeFile(path, pem, { mode: 0o600, flag: 'wx' })
  return pem
}
