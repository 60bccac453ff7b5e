import { planClip, toListingRange, toSelection } from '../../domain/clip-plan.js'
import { GatewayError } from '../../domain/errors.js'
import { selectFragments } from '../../domain/fragment-selection.js'
import { type ListedFragment, startOf } from '../../domain/listed-fragment.js'
import { toRetainedFrom } from '../../domain/retention.js'
import type { StreamDescription } from '../../kvs/ports.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { type ClipSpec, type FootagePin, isSameFootage, pinFootage } from '../url/clip-spec.js'
import { type ClipOutline, toOutline } from './clip-outline.js'
import { type ClipPlannerOptions, listAround } from './clip-planner.js'

/** Plans a sealed clip again from the current listing, and checks that it is the same footage. */
export class ClipFinder {
  constructor(private readonly options: Pick<ClipPlannerOptions, 'streams' | 'fragments' | 'clock'>) {}

  /** @throws ClipUnavailable FOOTAGE_EXPIRED, FOOTAGE_CHANGED */
  async find(spec: ClipSpec, signal: AbortSignal): Promise<ClipOutline> {
    const stream = await this.options.streams.find({ arn: spec.streamArn }, signal)
    if (stream === null) throw new ClipUnavailable('FOOTAGE_EXPIRED', 'The stream of this clip was deleted, and its footage with it.')
    const listed = await this.#list(spec, signal)
    const outline = this.#outline(spec, listed) ?? this.#outline(spec, withinPin(spec, listed)) ?? this.#outlinePinned(spec, listed)
    if (outline !== null) return outline
    throw this.#explain(spec, { stream, listed })
  }

  async #list(spec: ClipSpec, signal: AbortSignal): Promise<readonly ListedFragment[]> {
    try {
      const { clock, fragments } = this.options
      return await listAround(fragments, { ...spec, nowMs: clock.now() }, signal)
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return []
      throw error
    }
  }

  /** Null if the footage does not match the pin. The size is not limited again, because the gateway that sealed the clip allowed it. */
  #outline(spec: ClipSpec, listed: readonly ListedFragment[], selection = toSelection(spec, listed)): ClipOutline | null {
    if (selection.fragments.length === 0) return null
    const facts = { nowMs: this.options.clock.now(), maxClipBytes: Number.MAX_SAFE_INTEGER, selection }
    const { plan } = planClip(spec, listed, facts)
    if (plan === null || !isSameFootage(spec.pin, pinFootage(plan.fragments))) return null
    return toOutline(spec, spec.streamArn, plan)
  }

  /**
   * Plans the fragments from the first to the last one of the pin. An older gateway may have placed the start of an exact cut differently.
   */
  #outlinePinned(spec: ClipSpec, listed: readonly ListedFragment[]): ClipOutline | null {
    const { pin, fragmentSelectorType: selector } = spec
    const [first, last] = [pin.firstFragmentNumber, pin.lastFragmentNumber].map((number) =>
      listed.find(({ fragmentNumber }) => fragmentNumber === number),
    )
    if (!first || !last) return null
    const range = { startMs: startOf(first, selector), endMs: startOf(last, selector) }
    return this.#outline(spec, listed, selectFragments(listed, selector, range))
  }

  #explain(
    { pin, range, cut }: ClipSpec,
    { stream, listed }: { stream: StreamDescription; listed: readonly ListedFragment[] },
  ): ClipUnavailable {
    const isFirstThere = listed.some(({ fragmentNumber }) => fragmentNumber === pin.firstFragmentNumber)
    const retainedFrom = toRetainedFrom(stream, this.options.clock.now())
    // An exact cut starts with the fragment that covers its start.
    const reachesBackTo = cut === 'EXACT' ? toListingRange(range).startMs : range.startMs
    if (!isFirstThere && (listed.length === 0 || retainedFrom === null || reachesBackTo <= retainedFrom)) {
      return new ClipUnavailable('FOOTAGE_EXPIRED', 'The footage of this clip is no longer kept by its stream.')
    }
    return new ClipUnavailable('FOOTAGE_CHANGED', 'The footage in the range of this clip is not what it was when the clip was requested.')
  }
}

/** Removes fragments before the first and after the last one of the pin. They were listed late and do not belong to the clip. */
function withinPin(spec: ClipSpec, listed: readonly ListedFragment[]): readonly ListedFragment[] {
  const { fragments } = toSelection(spec, listed)
  const placeOf = (number: FootagePin['firstFragmentNumber']) => fragments.findIndex(({ fragmentNumber }) => fragmentNumber === number)
  const [first, last] = [placeOf(spec.pin.firstFragmentNumber), placeOf(spec.pin.lastFragmentNumber)]
  if (first < 0 || last < 0) return []
  const outside = new Set([...fragments.slice(0, first), ...fragments.slice(last + 1)])
  return listed.filter((fragment) => !outside.has(fragment))
}
