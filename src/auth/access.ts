import { GatewayError } from '../domain/errors.js'
import type { StreamRef } from '../domain/stream-ref.js'
import { Caller } from './caller.js'
import { type CoveredStreams, EVERY_STREAM, toCoveredStreams } from './covered-streams.js'
import type { Principal } from './principal.js'
import type { Scope } from './scope.js'
import type { NamedStream, StreamPattern } from './stream-pattern.js'
import type { TagIndex } from './tag-index.js'

/**
 * The one place that decides what a caller may do. Every service asks it before its first look-up. A stream that no grant with the scope covers
 * does not exist for the caller. If the caller may read the stream, the error is FORBIDDEN.
 */
export class Access {
  readonly #tags: Pick<TagIndex, 'read'>
  readonly #patterns = new WeakMap<Principal, Map<Scope, readonly StreamPattern[]>>()

  constructor(tags: Pick<TagIndex, 'read'>) {
    this.#tags = tags
  }

  /** @throws GatewayError FORBIDDEN if no grant has the scope */
  async judge(scope: Scope, caller: Caller): Promise<StreamJudge> {
    if (!Caller.isCaller(caller)) throw new TypeError('a service was called without a Caller')
    const granted = await this.#coveredBy(scope, caller)
    if (granted === null) throw missingScope(scope)
    if (granted === EVERY_STREAM || scope === 'streams:read') return new StreamJudge(scope, granted, null)
    return new StreamJudge(scope, granted, await this.#coveredBy('streams:read', caller))
  }

  /** @throws GatewayError NOT_FOUND for a stream that does not exist for the caller, FORBIDDEN */
  async check(scope: Scope, arn: string, caller: Caller): Promise<void> {
    const judge = await this.judge(scope, caller)
    if (!judge.sees(arn)) throw streamNotFound()
  }

  /** The caller's patterns with the scope, as names and ARNs. Tags are replaced by the ARNs of the streams that have them now. */
  async listPatterns(scope: Scope, { principal, signal }: Caller): Promise<readonly string[]> {
    const patterns = this.#patternsOf(principal, scope)
    const tagged = patterns.some(({ kind }) => kind === 'tag') ? await this.#tags.read(signal) : null
    return patterns.flatMap((pattern) => (pattern.kind === 'tag' ? (tagged?.arnsWith(pattern.key, pattern.value) ?? []) : [pattern.text]))
  }

  async #coveredBy(scope: Scope, { principal, signal }: Caller): Promise<CoveredStreams | null> {
    const patterns = this.#patternsOf(principal, scope)
    if (patterns.length === 0) return null
    if (patterns.some(({ text }) => text === '*')) return EVERY_STREAM
    const tagged = patterns.some(({ kind }) => kind === 'tag') ? await this.#tags.read(signal) : null
    return toCoveredStreams(patterns, tagged)
  }

  #patternsOf(principal: Principal, scope: Scope): readonly StreamPattern[] {
    const known = this.#patterns.get(principal) ?? new Map<Scope, readonly StreamPattern[]>()
    this.#patterns.set(principal, known)
    const patterns = known.get(scope) ?? principal.grants.filter(({ scopes }) => scopes.includes(scope)).flatMap(({ streams }) => streams)
    known.set(scope, patterns)
    return patterns
  }
}

/** Judges streams for one scope of one caller. */
export class StreamJudge {
  readonly #scope: Scope
  readonly #granted: CoveredStreams
  readonly #readable: CoveredStreams | null

  constructor(scope: Scope, granted: CoveredStreams, readable: CoveredStreams | null) {
    this.#scope = scope
    this.#granted = granted
    this.#readable = readable
  }

  /** Whether every stream exists for the caller. */
  get coversAll(): boolean {
    return this.#granted === EVERY_STREAM
  }

  /** The reference to look up. Null if the stream does not exist for the caller. @throws GatewayError FORBIDDEN */
  find(stream: StreamRef): StreamRef | null {
    const target = this.#granted.narrow(stream)
    if (target === null && this.#readable?.narrow(stream)) throw this.#toForbidden()
    return target
  }

  /** Whether the stream exists for the caller. @throws GatewayError FORBIDDEN */
  sees(stream: NamedStream | string): boolean {
    return this.find({ arn: typeof stream === 'string' ? stream : stream.arn }) !== null
  }

  #toForbidden(): GatewayError {
    return new GatewayError('FORBIDDEN', `This operation needs the scope ${this.#scope} for this stream.`)
  }
}

/** For what concerns no stream. @throws GatewayError FORBIDDEN */
export function checkScope({ grants }: Principal, scope: Scope): void {
  if (!grants.some(({ scopes }) => scopes.includes(scope))) throw missingScope(scope)
}

function missingScope(scope: Scope): GatewayError {
  return new GatewayError('FORBIDDEN', `This operation needs the scope ${scope}, which your credential does not have.`)
}

/** The same for a hidden stream and for a missing one. */
export function streamNotFound(): GatewayError {
  return new GatewayError('NOT_FOUND', 'The stream does not exist.')
}
