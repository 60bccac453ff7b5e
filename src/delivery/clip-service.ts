import { setImmediate as nextTurn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../auth/caller.js'
import type { Clip, ClipAnswer, ClipInput, ClipValidation } from '../domain/clip.js'
import type { ClipIssue } from '../domain/clip-issue.js'
import { toPlanSummary } from '../domain/clip-plan.js'
import { type ClipRequest, isExpiryAllowed, toExpiryIssue } from '../domain/clip-request.js'
import { GatewayError } from '../domain/errors.js'
import { toRefusalIssues } from '../domain/footage-issues.js'
import { at } from '../lib/at.js'
import { type EpochMs, orAborted, within } from '../lib/clock.js'
import { SingleFlight } from '../lib/single-flight.js'
import { toClipIssue, toIssue, toLateFailure } from './clip/answer-failure.js'
import { ClipJobs, type ClipJobsOptions, type JobHold } from './clip/clip-jobs.js'
import { toClip, toFailed, toStatus, watchClip } from './clip/clip-view.js'
import { toClipUnavailable } from './clip/explain-failure.js'
import { warningsOf } from './clip/make-clip.js'
import { openClip } from './clip/open-clip.js'
import type { ClipAudit } from './clip-audit.js'
import type { PartSources } from './parts/shared-parts.js'
import { ClipFinder } from './plan/clip-finder.js'
import { type ClipOutline, isSmall, toOutline } from './plan/clip-outline.js'
import { ClipPlanner, type ClipPlannerOptions, type PlannedRequest } from './plan/clip-planner.js'
import type { ClipContent } from './serve/clip-content.js'
import { ClipUnavailable } from './serve/clip-unavailable.js'
import { ClipAddresses, type ClipAddressesOptions, type NamedClip } from './url/clip-addresses.js'
import { type ClipSpec, keyOf } from './url/clip-spec.js'
import { OpenUrls } from './url/open-urls.js'
import { type RevocationTarget, revokeClipUrls } from './url/revoke-clip-urls.js'
import { fileNameOf } from './url/signed-url.js'
import type { CodecChangeSources } from './verify/codec-change.js'

/** How long requestClip waits for the heads of all parts, so that a mismatch in them is an issue and not a failure. */
const HEADS_WAIT_MS = 2000
/** How long it waits for the rest of a small clip, so that the response has state READY and the size. */
const REST_WAIT_MS = 20
/** How long a query for a clip waits for the store. */
const LOOK_WAIT_MS = 100
const OUTLINE_TTL_MS = 3_600_000
/** An outline takes 24 bytes per fragment, or 32 by server time, plus an overhead. */
const MAX_OUTLINED_FRAGMENTS = 1_000_000
const OUTLINE_OVERHEAD = 100

export type ClipRequestOutcome = 'stored' | 'joined_in_flight' | 'fetched' | 'refused' | 'failed'

export interface ClipServiceOptions
  extends ClipAddressesOptions,
    ClipPlannerOptions,
    Omit<ClipJobsOptions, 'clock'>,
    CodecChangeSources,
    PartSources {
  /** Returns why GetClip would refuse a clip that starts with this fragment. The issues have no path. */
  readonly probe: (streamArn: string, fragmentNumber: string, signal: AbortSignal) => Promise<readonly ClipIssue[]>
  readonly onRequest?: (outcome: ClipRequestOutcome) => void
  readonly audit?: ClipAudit | null
}

interface PreparedClip {
  readonly clip: NamedClip
  readonly outline: ClipOutline
}

interface FailedRequest extends PreparedClip {
  readonly issues: readonly ClipIssue[]
  readonly request: ClipRequest
  readonly caller: Caller
}

/** Plans, makes and opens clips. Any error that is not an issue, a failure or ClipUnavailable is a GatewayError. */
export class ClipService {
  readonly #options: ClipServiceOptions
  readonly #addresses: ClipAddresses
  readonly #planner: ClipPlanner
  readonly #finder: ClipFinder
  readonly #jobs: ClipJobs
  readonly #outlines: LRUCache<string, ClipOutline>
  readonly #openUrls: OpenUrls
  readonly #findings = new SingleFlight<ClipOutline>()

  constructor(options: ClipServiceOptions) {
    this.#options = options
    this.#addresses = new ClipAddresses(options)
    this.#openUrls = new OpenUrls(options.revocations)
    this.#planner = new ClipPlanner(options)
    this.#finder = new ClipFinder(options)
    this.#jobs = new ClipJobs(options, options)
    this.#outlines = new LRUCache({
      perf: options.clock,
      ttl: OUTLINE_TTL_MS,
      ttlResolution: 0,
      maxSize: MAX_OUTLINED_FRAGMENTS,
      sizeCalculation: ({ spec }) => spec.pin.fragmentCount + OUTLINE_OVERHEAD,
    })
  }

  /** Plans the clip without fetching it. With `probe`, also reads the first fragment to check it. */
  async validate(input: ClipInput, { probe }: { readonly probe: boolean }, caller: Caller): Promise<ClipValidation> {
    const { planned, issues } = await this.#planner.plan(input, 'clips:validate', caller)
    if (planned === null) return { valid: false, issues, plan: null }
    const { plan, streamArn, request } = planned
    const fragmentNumber = at(plan.fragments, 0).fragmentNumber
    const found = probe ? await this.#options.probe(streamArn, fragmentNumber, caller.signal) : []
    const valid = found.every(({ severity }) => severity !== 'ERROR')
    const told = found.flatMap((issue) => toClipIssue(issue, request))
    return { valid, issues: [...told, ...issues], plan: toPlanSummary(plan) }
  }

  /** Opens the parts of the clip and waits for their headers, so that a refusal is returned as an issue. */
  request(input: ClipInput, caller: Caller): Promise<ClipAnswer> {
    const answer = this.#request(input, caller)
    return this.#options.audit?.requested(input, caller, answer) ?? answer
  }

  async #request(input: ClipInput, caller: Caller): Promise<ClipAnswer> {
    const { signal } = caller
    const { planned, issues } = await this.#planner.plan(input, 'clips:request', caller)
    if (planned === null) return this.#refuse(issues)
    const { clip, outline } = this.#prepare(planned)
    const hold = this.#jobs.hold(keyOf(clip.spec), outline)
    try {
      // GetClip is sent in the next turn of the event loop. The URL is then sealed while Kinesis Video prepares the clip.
      await nextTurn()
      const address = this.#addresses.addressOf(clip, caller)
      await orAborted(hold.job.opened, signal)
      const made = await within(orAborted(hold.job.made, signal), HEADS_WAIT_MS)
      this.#count(await toOutcome(hold))
      if (isSmall(outline))
        await within(
          hold.job.whole.catch(() => null),
          REST_WAIT_MS,
        )
      return { clip: toClip(outline, toStatus(hold.job, made), address), issues: [...issues, ...warningsOf(made)] }
    } catch (error) {
      const failure = signal.aborted ? toLateFailure(signal, hold.job) : error
      return this.#answerFailure(failure, { clip, outline, issues, request: planned.request, caller })
    } finally {
      hold.release()
    }
  }

  /** Returns the clip in its current state. Starts no fetch. Null if the ID is invalid. */
  async find(id: string, caller: Caller): Promise<Clip | null> {
    const named = await this.#findNamed(id, caller)
    return named && this.#look(named, caller)
  }

  /**
   * Returns the clip with its current URL. Starts no fetch. Null if the ID is invalid. If `expiresInSeconds` is null, the lifetime in the
   * ID applies. Another lifetime gives another ID, so that a client that caches by ID keeps both clips.
   */
  renew(id: string, expiresInSeconds: number | null, caller: Caller): Promise<ClipAnswer | null> {
    const answer = this.#renew(id, expiresInSeconds, caller)
    return this.#options.audit?.renewed(caller, answer) ?? answer
  }

  async #renew(id: string, expiresInSeconds: number | null, caller: Caller): Promise<ClipAnswer | null> {
    const { urlLifetime } = this.#options
    const named = await this.#findNamed(id, caller)
    if (named === null) return null
    const seconds = expiresInSeconds ?? named.lifetimeSeconds
    if (!isExpiryAllowed(seconds, urlLifetime)) return { clip: null, issues: [toExpiryIssue(seconds, urlLifetime)] }
    const renewed = seconds === named.lifetimeSeconds ? named : this.#addresses.name(named.spec, seconds)
    return { clip: await this.#look(renewed, caller), issues: [] }
  }

  /** Opens the clip of a URL token. @throws ClipUnavailable */
  async open(token: string, signal: AbortSignal): Promise<ClipContent> {
    const url = this.#addresses.openUrl(token)
    const { spec, principal, expiresAtMs: urlExpiresAtMs } = url
    try {
      const outline = await this.#outlineOf(spec, signal)
      const { hold, revoked } = this.#openUrls.hold(url, this.#jobs.hold(keyOf(spec), outline))
      return await openClip(hold, { fileName: fileNameOf(spec), urlExpiresAtMs, principal, revoked }, signal)
    } catch (error) {
      throw signal.aborted ? error : toClipUnavailable(error)
    }
  }

  /** Ends URLs that were issued so far. Returns the time before which they were issued. @throws GatewayError */
  revokeUrls(target: RevocationTarget, caller: Caller): Promise<EpochMs> {
    const answer = revokeClipUrls({ ...this.#options, addresses: this.#addresses }, target, caller)
    return this.#options.audit?.revoked(target, caller, answer) ?? answer
  }

  /**
   * Yields the clip now and after each change, until it is READY or FAILED. Yields at most four times a second, and always yields the last
   * state. Fetches what is not stored. Null if the ID is invalid.
   */
  async watch(id: string, caller: Caller): Promise<AsyncGenerator<Clip> | null> {
    const named = await this.#findNamed(id, caller)
    return named && this.#watch(named, caller)
  }

  close(): void {
    this.#jobs.close()
  }

  /** Null if the ID is invalid, or its stream does not exist for the caller. */
  async #findNamed(id: string, caller: Caller): Promise<NamedClip | null> {
    const judge = await this.#options.access.judge('clips:request', caller)
    const named = this.#addresses.find(id)
    return named !== null && judge.sees(named.spec.streamArn) ? named : null
  }

  #prepare({ request, streamArn, plan }: NonNullable<PlannedRequest['planned']>): PreparedClip {
    const outline = toOutline(request, streamArn, plan)
    this.#outlines.set(keyOf(outline.spec), outline)
    return { clip: this.#addresses.name(outline.spec, request.expiresInSeconds), outline }
  }

  async #outlineOf(spec: ClipSpec, signal: AbortSignal): Promise<ClipOutline> {
    const key = keyOf(spec)
    const known = this.#outlines.get(key)
    if (known) return known
    const outline = await this.#findings.run(key, (shared) => this.#finder.find(spec, shared), signal)
    this.#outlines.set(key, outline)
    return outline
  }

  async #look(clip: NamedClip, caller: Caller): Promise<Clip> {
    const { signal } = caller
    const { outline, failed } = await this.#findOutline(clip, caller)
    if (failed !== null) return failed
    const address = this.#addresses.addressOf(clip, caller)
    const hold = await this.#jobs.find(keyOf(clip.spec), outline, signal)
    if (hold === null) return toClip(outline, { state: 'IDLE' }, address)
    try {
      const made = await within(orAborted(hold.job.whole, signal), LOOK_WAIT_MS).then(
        () => within(hold.job.made, 0),
        () => null,
      )
      signal.throwIfAborted()
      return toClip(outline, toStatus(hold.job, made), address)
    } finally {
      hold.release()
    }
  }

  async *#watch(clip: NamedClip, caller: Caller): AsyncGenerator<Clip> {
    const { outline, failed } = await this.#findOutline(clip, caller)
    if (failed !== null) {
      yield failed
      return
    }
    const hold = this.#jobs.hold(keyOf(clip.spec), outline)
    try {
      // A watch may outlast a URL, so each state has a current URL.
      yield* watchClip(
        hold.job,
        (made) => toClip(outline, toStatus(hold.job, made), this.#addresses.addressOf(clip, caller)),
        caller.signal,
      )
    } finally {
      hold.release()
    }
  }

  /** `failed` is the clip if its footage no longer exists or if it failed recently. */
  async #findOutline(
    clip: NamedClip,
    caller: Caller,
  ): Promise<{ readonly outline: ClipOutline; readonly failed: null } | { readonly outline: null; readonly failed: Clip }> {
    const { spec } = clip
    try {
      const outline = await this.#outlineOf(spec, caller.signal)
      const failure = this.#jobs.failureOf(keyOf(spec))
      if (failure === null) return { outline, failed: null }
      return { outline: null, failed: toClip(outline, { state: 'FAILED', error: failure }, this.#addresses.addressOf(clip, caller)) }
    } catch (error) {
      if (error instanceof ClipUnavailable) return { outline: null, failed: toFailed(spec, error, this.#addresses.addressOf(clip, caller)) }
      throw error
    }
  }

  #refuse(issues: readonly ClipIssue[]): ClipAnswer {
    this.#count('refused')
    return { clip: null, issues }
  }

  #count(outcome: ClipRequestOutcome): void {
    this.#options.onRequest?.(outcome)
  }

  /** Returns errors that the caller can correct as issues, throws a GatewayError, and returns others as the failure of the clip. */
  #answerFailure(error: unknown, { clip, outline, issues, request, caller }: FailedRequest): ClipAnswer {
    const issue = toIssue(error, { range: outline.spec.range, stream: request.stream })
    if (issue !== null) return this.#refuse(toRefusalIssues(issue, issues))
    this.#count('failed')
    if (error instanceof GatewayError) throw error
    const status = { state: 'FAILED', error: toClipUnavailable(error) } as const
    return { clip: toClip(outline, status, this.#addresses.addressOf(clip, caller)), issues }
  }
}

async function toOutcome({ isNew, job }: JobHold): Promise<ClipRequestOutcome> {
  if (isNew) return job.opened
  return job.outcome?.state === 'ready' ? 'stored' : 'joined_in_flight'
}
