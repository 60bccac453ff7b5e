import { randomUUID } from 'node:crypto'
import { AwsException } from '../wire/aws-exception.js'
import type { Fault, FaultRule } from './fault-rule.js'

const MOST_RULES = 1000

/** A rule as GET /_faults shows it. */
export interface ListedRule extends FaultRule {
  readonly id: string
  /** The number of matching requests, and the number of those that it applied to. */
  readonly matched: number
  readonly struck: number
}

interface Entry {
  readonly id: string
  readonly rule: FaultRule
  matched: number
  applied: number
}

/** The current fault rules. Rules add up: a delay and a throttle may apply to the same request. */
export class Faults {
  #entries: Entry[] = []

  constructor(private readonly random: () => number = Math.random) {}

  add(rules: readonly FaultRule[]): ListedRule[] {
    if (this.#entries.length + rules.length > MOST_RULES) {
      throw new AwsException('InvalidArgumentException', `There may be at most ${MOST_RULES} fault rules`)
    }
    const entries = rules.map((rule) => ({ id: randomUUID(), rule, matched: 0, applied: 0 }))
    this.#entries.push(...entries)
    return entries.map(toListed)
  }

  list(): ListedRule[] {
    return this.#entries.map(toListed)
  }

  clear(): void {
    this.#entries = []
  }

  /** Counts a request, and returns the faults that apply to it. */
  apply(operation: string, stream: string | null): Fault[] {
    return this.#entries.filter((entry) => matches(entry.rule, operation, stream) && this.#applies(entry)).map(({ rule }) => rule.fault)
  }

  /** The delay before the fragments of a stream are listed. It does not count as a request. */
  listDelayMs(stream: string): number {
    const delays = this.#entries.map(({ rule }) => (isAbout(rule.stream, stream) && rule.fault.kind === 'listLate' ? rule.fault.ms : 0))
    return Math.max(0, ...delays)
  }

  #applies(entry: Entry): boolean {
    const { after, every, times, probability } = entry.rule
    const turn = entry.matched++ - after
    const isDue = turn >= 0 && (turn + 1) % every === 0 && (times === null || entry.applied < times) && this.random() < probability
    if (isDue) entry.applied++
    return isDue
  }
}

function matches(rule: FaultRule, operation: string, stream: string | null): boolean {
  return rule.fault.kind !== 'listLate' && isAbout(rule.operation, operation) && isAbout(rule.stream, stream)
}

function isAbout(wanted: string | null, got: string | null): boolean {
  return wanted === null || wanted === got
}

function toListed({ id, rule, matched, applied }: Entry): ListedRule {
  return { id, ...rule, matched, struck: applied }
}
