import { MalformedMedia } from '../../malformed-media.js'
import { type BoxView, NotUnderstood, printable } from './box-view.js'

/** Types of boxes that a parent may have. */
export interface Expected {
  /** Each exactly once. */
  readonly once: readonly string[]
  /** Each at most once. */
  readonly maybe?: readonly string[]
  readonly many?: readonly string[]
  readonly ignored: readonly string[]
}

/** The children of a box by their types. Unexpected and repeated boxes are not understood. */
export class NamedBoxes {
  readonly #children: readonly BoxView[]

  constructor(
    private readonly parent: BoxView,
    { once, maybe = [], many = [], ignored }: Expected,
  ) {
    this.#children = parent.children()
    const known = new Set([...once, ...maybe, ...many, ...ignored])
    const unknown = this.#children.find(({ type }) => !known.has(type))
    if (unknown !== undefined) throw new NotUnderstood(`${parent.type} has a box '${printable(unknown.type)}'`)
    const repeated = [...once, ...maybe].find((type) => this.all(type).length > 1)
    if (repeated !== undefined) throw new NotUnderstood(`${parent.type} has more than one ${repeated}`)
  }

  all(type: string): readonly BoxView[] {
    return this.#children.filter((child) => child.type === type)
  }

  find(type: string): BoxView | null {
    return this.#children.find((child) => child.type === type) ?? null
  }

  /** @throws MalformedMedia if there is none */
  get(type: string): BoxView {
    return this.find(type) ?? this.#refuseMissing(type)
  }

  /** The one of two boxes that exclude each other. */
  either(type: string, other: string): BoxView {
    const [first, second] = [this.find(type), this.find(other)]
    if (first !== null && second !== null) throw new NotUnderstood(`${this.parent.type} has both ${type} and ${other}`)
    return first ?? second ?? this.#refuseMissing(other)
  }

  #refuseMissing(type: string): never {
    throw new MalformedMedia(`${this.parent.type} has no ${type}`, this.parent.offset)
  }
}
