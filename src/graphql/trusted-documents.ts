import { createHash } from 'node:crypto'
import type { GraphQLSchema } from 'graphql'
import { GraphQLError, parse, validate } from 'graphql'

/** The prefix that graphql-codegen gives to SHA-256 hashes, and the one of Apollo's cache of persisted queries. */
const PREFIX = /^(apq:)?(sha256:)?/

/** A manifest that cannot be used. The message is one sentence. */
export class InvalidManifest extends Error {
  override readonly name = 'InvalidManifest'
}

/** The only operations that run, by the SHA-256 of their text. Other documents are refused, so that no client can make an expensive one. */
export class TrustedDocuments {
  readonly #texts: ReadonlyMap<string, string>

  private constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts
  }

  /**
   * Parses manifests as graphql-codegen writes them (`persistedDocuments`): a JSON object from hashes to documents.
   * @throws InvalidManifest if a hash is not that of its document, or a document does not fit the schema
   */
  static parse(manifests: readonly string[], schema: GraphQLSchema): TrustedDocuments {
    const entries = manifests.flatMap((text) => Object.entries(parseObject(text)))
    const texts = new Map(entries.map(([key, text]) => [key.replace(PREFIX, ''), checkDocument(key, text, schema)]))
    return new TrustedDocuments(texts)
  }

  get size(): number {
    return this.#texts.size
  }

  /** @throws GraphQLError FORBIDDEN with status 403 */
  check(text: string): void {
    if (this.#texts.has(hashOf(text))) return
    const message =
      'This gateway runs only the operations of its manifest (TRUSTED_DOCUMENTS). Send the hash or the exact text of one of them.'
    throw new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
  }

  /** A cache for Apollo's persisted queries that never takes a document from a client. */
  get cache() {
    const texts = this.#texts
    return {
      async get(key: string) {
        return texts.get(key.replace(PREFIX, ''))
      },
      async set() {},
      async delete() {
        return false
      },
    }
  }
}

function parseObject(text: string): object {
  const value = parseJson(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new InvalidManifest('The manifest must be a JSON object from SHA-256 hashes to documents.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidManifest('The manifest must be JSON.', { cause })
  }
}

function checkDocument(key: string, text: unknown, schema: GraphQLSchema): string {
  if (typeof text !== 'string') throw new InvalidManifest(`The document of ${JSON.stringify(key)} must be a string.`)
  if (hashOf(text) !== key.replace(PREFIX, '')) throw new InvalidManifest(`${JSON.stringify(key)} is not the SHA-256 of its document.`)
  const [error] = findErrors(text, schema)
  if (error !== undefined) throw new InvalidManifest(`The document ${JSON.stringify(key)} does not fit the schema: ${error.message}`)
  return text
}

function findErrors(text: string, schema: GraphQLSchema): readonly GraphQLError[] {
  try {
    return validate(schema, parse(text))
  } catch (error) {
    return error instanceof GraphQLError ? [error] : [new GraphQLError(String(error))]
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
