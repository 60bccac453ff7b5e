import type { Access } from '../../auth/access.js'
import type { Caller } from '../../auth/caller.js'
import type { Scope } from '../../auth/scope.js'
import type { ClipInput } from '../../domain/clip.js'
import type { ClipIssue } from '../../domain/clip-issue.js'
import { toError } from '../../domain/clip-issue-text.js'
import { type ClipPlan, planClip, toReach, toSelection } from '../../domain/clip-plan.js'
import { type ClipRequest, parseClipRequest, type UrlLifetime } from '../../domain/clip-request.js'
import { GatewayError } from '../../domain/errors.js'
import { noFootageIssue } from '../../domain/footage-issues.js'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import { toRetainedFrom } from '../../domain/retention.js'
import { streamIssues, streamNotFoundIssue } from '../../domain/stream-issues.js'
import type { StreamRef } from '../../domain/stream-ref.js'
import { toEarlier } from '../../domain/time-range.js'
import { type FragmentLister, type StreamCatalog, type StreamDescription, TooManyFragments } from '../../kvs/ports.js'
import type { Clock, EpochMs } from '../../lib/clock.js'
import { Semaphore, takeTurn } from '../../lib/semaphore.js'
import { SingleFlight } from '../../lib/single-flight.js'

/** More than 24 hours at one fragment a second. A longer listing is refused to limit memory. */
const MAX_LISTED_FRAGMENTS = 100_000
/** How far before and after an empty range to look for the nearest footage. */
const NEARBY_MS = 10 * 60_000
const MAX_NEARBY_FRAGMENTS = 2000
/** The number of longer ranges that are planned at once is limited: the rows of a day may take 20 MB. */
const LONG_RANGE_MS = 3_600_000
const LONG_PLANS_AT_ONCE = 8
/** Planning more fragments takes milliseconds, or tens of milliseconds for many hours. The planner then yields to the event loop. */
const QUICKLY_PLANNED = 2000

/** `planned` is null if and only if an issue has severity ERROR. */
export interface PlannedRequest {
  readonly planned: { readonly request: ClipRequest; readonly streamArn: string; readonly plan: ClipPlan } | null
  readonly issues: readonly ClipIssue[]
}

export interface ClipPlannerOptions {
  readonly access: Access
  readonly streams: StreamCatalog
  readonly fragments: FragmentLister
  readonly clock: Clock
  readonly urlLifetime: UrlLifetime
  readonly maxClipBytes: number
}

/** Plans clip requests. Gets the stream and its fragments from Kinesis Video. Equal requests at the same time are planned once. */
export class ClipPlanner {
  readonly #flights = new SingleFlight<PlannedRequest>()
  readonly #longPlans = new Semaphore(LONG_PLANS_AT_ONCE)

  constructor(private readonly options: ClipPlannerOptions) {}

  /** @throws GatewayError FORBIDDEN without the scope */
  async plan(input: ClipInput, scope: Scope, caller: Caller): Promise<PlannedRequest> {
    const { access, clock, urlLifetime } = this.options
    const judge = await access.judge(scope, caller)
    const { request, issues } = parseClipRequest(input, { nowMs: clock.now(), urlLifetime })
    if (request === null) return refuse(issues)
    const target = judge.find(request.stream)
    if (target === null) return refuse([streamNotFoundIssue(request.stream)])
    const key = JSON.stringify([request, target])
    return this.#flights.run(key, (shared) => this.#planRequest(request, target, shared), caller.signal)
  }

  /** @param target the stream of the request, as far as it exists for the caller */
  async #planRequest(request: ClipRequest, target: StreamRef, signal: AbortSignal): Promise<PlannedRequest> {
    const { streams } = this.options
    const stream = await streams.find(target, signal)
    const planned = stream && (await this.#planOn(stream, request, signal))
    if (planned !== 'gone') return planned ?? refuse([streamNotFoundIssue(request.stream)])
    const successor = stream && 'name' in target ? await streams.findSuccessor(stream, signal) : null
    const again = successor && (await this.#planOn(successor, request, signal))
    return again === null || again === 'gone' ? refuse([streamNotFoundIssue(request.stream)]) : again
  }

  /** Returns `gone` if the cached description is of a stream that no longer exists. */
  async #planOn(stream: StreamDescription, request: ClipRequest, signal: AbortSignal): Promise<PlannedRequest | 'gone'> {
    const { clock } = this.options
    const unfit = streamIssues(request, stream, clock.now())
    if (unfit.length > 0) return refuse(unfit)
    const { startMs, endMs } = request.range
    const plan = () => this.#planStream(request, stream, signal)
    return endMs - startMs > LONG_RANGE_MS ? this.#longPlans.run(plan, signal) : plan()
  }

  async #planStream(request: ClipRequest, stream: StreamDescription, signal: AbortSignal): Promise<PlannedRequest | 'gone'> {
    const { clock, maxClipBytes } = this.options
    const listed = await this.#list(request, stream, signal)
    if (listed === 'gone') return listed
    if (listed === 'too many') return refuse([tooManyIssue(request)])
    await takeTurnIfLong(listed)
    const selection = toSelection(request, listed)
    if (selection.fragments.length === 0) return refuse(await this.#explainAbsence(request, stream, signal))
    await takeTurnIfLong(listed)
    const { plan, issues } = planClip(request, listed, { nowMs: clock.now(), maxClipBytes, selection })
    await takeTurnIfLong(listed)
    return { planned: plan && { request, streamArn: stream.arn, plan }, issues }
  }

  async #list(
    request: ClipRequest,
    stream: StreamDescription,
    signal: AbortSignal,
  ): Promise<readonly ListedFragment[] | 'gone' | 'too many'> {
    try {
      const { clock, fragments } = this.options
      return await listAround(fragments, { ...request, streamArn: stream.arn, nowMs: clock.now() }, signal)
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return 'gone'
      if (error instanceof TooManyFragments) return 'too many'
      throw error
    }
  }

  /** Explains why the range has no footage. It may be before the retained footage, in a gap, or at the live edge. */
  async #explainAbsence(request: ClipRequest, stream: StreamDescription, signal: AbortSignal): Promise<readonly ClipIssue[]> {
    const { clock, fragments } = this.options
    const { fragmentSelectorType, range } = request
    // By server time nothing is later than now, and the service refuses a range that ends later.
    const latestMs = fragmentSelectorType === 'SERVER_TIMESTAMP' ? clock.now() - 1 : Number.POSITIVE_INFINITY
    const wide = {
      startMs: toEarlier(range.startMs, NEARBY_MS),
      endMs: Math.max(range.endMs, Math.min(latestMs, range.endMs + NEARBY_MS)),
    }
    const query = { streamArn: stream.arn, fragmentSelectorType, range: wide, expected: 1000, atMost: MAX_NEARBY_FRAGMENTS }
    const nearby = await fragments.list(query, signal).catch(emptyWhenTooMany)
    const nowMs = clock.now()
    const retainedFromMs = toRetainedFrom(stream, nowMs, fragmentSelectorType)
    return [noFootageIssue(request, { nearby, nowMs, retainedFromMs })]
  }
}

/** Lists the fragments that planning needs: those in the range, and those that may extend into it. */
export function listAround(
  fragments: FragmentLister,
  asked: Pick<ClipRequest, 'fragmentSelectorType' | 'range' | 'cut'> & { readonly streamArn: string; readonly nowMs: EpochMs },
  signal: AbortSignal,
): Promise<readonly ListedFragment[]> {
  const { streamArn, fragmentSelectorType, nowMs } = asked
  const query = { streamArn, fragmentSelectorType, range: toReach(asked, nowMs), atMost: MAX_LISTED_FRAGMENTS }
  return fragments.list(query, signal)
}

async function takeTurnIfLong(listed: readonly ListedFragment[]): Promise<void> {
  if (listed.length > QUICKLY_PLANNED) await takeTurn()
}

function refuse(issues: readonly ClipIssue[]): PlannedRequest {
  return { planned: null, issues }
}

function tooManyIssue({ range }: ClipRequest): ClipIssue {
  const message = `The range holds more than ${MAX_LISTED_FRAGMENTS} fragments, the most that this gateway plans at a time.`
  const middleMs = Math.floor((range.startMs + range.endMs) / 2)
  const ranges = [
    { startMs: range.startMs, endMs: middleMs },
    { startMs: middleMs + 1, endMs: range.endMs },
  ].filter(({ startMs, endMs }) => endMs > startMs)
  return toError('FRAGMENT_LIMIT_EXCEEDED', message, { path: ['endTimestamp'], hint: 'Request shorter ranges.', ranges })
}

/** The nearest footage is only a hint, so a listing that is too long is ignored. */
function emptyWhenTooMany(error: unknown): readonly ListedFragment[] {
  if (error instanceof TooManyFragments) return []
  throw error
}
