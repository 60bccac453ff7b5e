import { toPoints } from './field-cost.js'

/** The cost of a field and its subfields, multiplied by the items of the lists that contain it. */
export interface FieldCost {
  /** Field names, without aliases and indices. */
  readonly path: readonly string[]
  readonly cost: number
  /** Whether the field or one of its parents has the argument `first`. */
  readonly isPaged: boolean
}

export interface SetCost {
  readonly cost: number
  readonly fields: readonly NodeCost[]
}

export interface NodeCost {
  readonly name: string
  readonly cost: number
  /** The field multiplies the cost of its subfields by this. */
  readonly factor: number
  readonly isPage: boolean
  readonly subfields: SetCost | null
}

interface Search {
  readonly parent: FieldCost | null
  /** How often the executor resolves the selection set. */
  readonly multiplier: number
  readonly totalCost: number
}

/** Finds the field to narrow first. A field under several aliases counts as one. */
export function findLargest(set: SetCost, { parent, multiplier, totalCost }: Search): FieldCost | null {
  const largest = findLargestOf(set)
  if (!largest || (parent !== null && largest.cost * multiplier < totalCost / 2)) return parent
  const { cost, example } = largest
  const found = {
    path: [...(parent === null ? [] : parent.path), example.name],
    cost: toPoints(cost * multiplier),
    isPaged: example.isPage || parent?.isPaged === true,
  }
  if (cost === 0 || example.subfields === null) return found
  return findLargest(example.subfields, { parent: found, multiplier: multiplier * example.factor * (cost / example.cost), totalCost })
}

interface NamedCost {
  readonly cost: number
  /** The most expensive of the fields with this name. */
  readonly example: NodeCost
}

function findLargestOf({ fields }: SetCost): NamedCost | undefined {
  const byName = Map.groupBy(fields, ({ name }) => name)
  const costs = [...byName.values()].map((same) => ({
    cost: same.reduce((sum, { cost }) => sum + cost, 0),
    example: same.reduce((most, field) => (field.cost > most.cost ? field : most)),
  }))
  return costs.toSorted((a, b) => b.cost - a.cost)[0]
}
