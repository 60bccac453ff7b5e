import { type Clock, systemClock } from '../lib/clock.js'
import { type Denial, findDenial } from './aws-denials.js'

const PAUSE_MS = 60_000
/** One for each cause, and for permissions one for each action. */
const MAX_KEYS = 100

/** Tells the operator why AWS refuses calls, each cause at most once a minute: every request fails of it. */
export class DenialLog {
  readonly #warn: (message: string, error: unknown) => void
  readonly #clock: Clock
  readonly #toldAtMs = new Map<string, number>()

  constructor({ warn, clock = systemClock }: { warn: (message: string, error: unknown) => void; clock?: Clock | undefined }) {
    this.#warn = warn
    this.#clock = clock
  }

  tell(error: unknown, operation: string): void {
    const denial = findDenial(error, operation)
    if (denial === null || !this.#isTime(denial)) return
    this.#warn(`Kinesis Video cannot be asked for ${operation}: ${denial.text}.`, error)
  }

  #isTime({ cause, action }: Denial): boolean {
    const key = `${cause} ${action}`
    const now = this.#clock.now()
    const toldAtMs = this.#toldAtMs.get(key)
    if (toldAtMs !== undefined && now - toldAtMs < PAUSE_MS) return false
    if (this.#toldAtMs.size >= MAX_KEYS) this.#toldAtMs.clear()
    this.#toldAtMs.set(key, now)
    return true
  }
}
