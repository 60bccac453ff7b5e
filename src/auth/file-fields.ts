/** A file of the operator that cannot be used. The message is one sentence about its contents, without secrets. */
export class InvalidFile extends Error {
  override readonly name = 'InvalidFile'
}

/** @throws InvalidFile */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // The message of the parser quotes the text, which can be a secret.
    throw new InvalidFile('The file must be JSON.', { cause })
  }
}

/** The members of a JSON object. Unknown members are refused, because a misspelled one would have no effect. */
export class FileFields {
  readonly #fields: ReadonlyMap<string, unknown>
  readonly #place: string

  /** @throws InvalidFile */
  constructor(value: unknown, place: string, allowed: readonly string[]) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidFile(`${place} must be a JSON object.`)
    this.#fields = new Map(Object.entries(value))
    this.#place = place
    const unknown = [...this.#fields.keys()].find((name) => !allowed.includes(name))
    if (unknown !== undefined)
      throw new InvalidFile(`${place} has the unknown member ${JSON.stringify(unknown)}. The members are ${allowed.join(', ')}.`)
  }

  get(name: string): unknown {
    return this.#fields.get(name)
  }

  text(name: string, pattern: RegExp): string {
    const value = this.get(name)
    if (typeof value === 'string' && pattern.test(value)) return value
    throw this.#wrong(name, `text that matches ${pattern.source}`)
  }

  texts(name: string, max: number): readonly string[] {
    const value = this.get(name)
    const texts = Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : []
    if (Array.isArray(value) && texts.length === value.length && texts.length > 0 && texts.length <= max) return texts
    throw this.#wrong(name, `a list of 1 to ${max} texts`)
  }

  /** An RFC 3339 instant. Null if the member is null or missing. */
  instant(name: string): number | null {
    const value = this.get(name) ?? null
    if (value === null) return null
    const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN
    if (Number.isFinite(ms)) return ms
    throw this.#wrong(name, 'null or an RFC 3339 instant, such as 2027-01-31T12:00:00Z')
  }

  #wrong(name: string, expected: string): InvalidFile {
    return new InvalidFile(`The member ${name} of ${this.#place} must be ${expected}.`)
  }
}
