import { readFile } from 'node:fs/promises'
import type { GraphQLSchema } from 'graphql'
import { messageOf } from '../lib/thrown.js'
import { InvalidManifest, TrustedDocuments } from './trusted-documents.js'

/** The package's own operations, which always run. */
const OWN_MANIFEST = new URL('../client/generated/persisted-documents.json', import.meta.url)

/** @param path null if any operation may run @throws InvalidManifest */
export async function readTrustedDocuments(path: string | null, schema: GraphQLSchema): Promise<TrustedDocuments | null> {
  if (path === null) return null
  try {
    return TrustedDocuments.parse(await Promise.all([OWN_MANIFEST, path].map((file) => readFile(file, 'utf8'))), schema)
  } catch (cause) {
    throw new InvalidManifest(`TRUSTED_DOCUMENTS is ${JSON.stringify(path)}, but the file cannot be used. ${messageOf(cause)}`, { cause })
  }
}
