/** What graphql-query-complexity tells about a field. */
interface Estimate {
  readonly args: Readonly<Record<string, unknown>>
  readonly childComplexity: number
}

/** A field that may call Kinesis Video. Ten of them cost as much as a page of about a hundred bare items. */
const CALL_COST = 10
/** A field that fetches footage, or may: what the store has lost of a clip is fetched again by whoever looks at it. */
const CLIP_COST = 100

export function costOfCall({ childComplexity }: Estimate): number {
  return CALL_COST + childComplexity
}

/** A page costs what its items do, as many as were asked for. A `first` out of range is refused by the resolver, and costs nothing here. */
export function costOfPage({ args, childComplexity }: Estimate): number {
  const first = typeof args.first === 'number' ? Math.max(args.first, 0) : 0
  return CALL_COST + first * childComplexity
}

export function costOfClip({ childComplexity }: Estimate): number {
  return CLIP_COST + childComplexity
}

export function costOfValidation({ args, childComplexity }: Estimate): number {
  return (args.probe === true ? CLIP_COST : CALL_COST) + childComplexity
}

export function costOfClips({ args, childComplexity }: Estimate): number {
  return (Array.isArray(args.inputs) ? args.inputs.length : 0) * (CLIP_COST + childComplexity)
}
