import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  visit,
} from 'graphql'
import { countMergeComparisons } from './merge-comparisons.js'

/** Maximum tokens of a document. The standard introspection query has about 300; a document with 25 clip requests has about 800. */
export const MAX_TOKENS = 2000
const MAX_ALIASES = 100
const MAX_DIRECTIVES = 50
/** A list repeats an alias in each item, and suggestions compare an unknown name with all names. The longest of the schema has about 30. */
const MAX_NAME_CHARACTERS = 200
/** A frontend with forty components that each select the same five fields needs about 4,000. */
const MAX_MERGE_COMPARISONS = 20_000

/** Limits on the text of a document, as validation rules. They report errors instead of throwing, which Apollo would answer with 500. */
export function documentLimits({ maxDepth }: { readonly maxDepth: number }): ValidationRule[] {
  return [(context) => depthRule(context, maxDepth), countRule, sizeRule]
}

/** Stops the validation of a document that would take too long: the other rules visit an empty document instead. */
function sizeRule(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const refusal = findLongName(document) ?? findManyComparisons(document)
      if (refusal === null) return undefined
      context.reportError(new GraphQLError(refusal))
      return { kind: Kind.DOCUMENT, definitions: [] }
    },
  }
}

function findLongName(document: DocumentNode): string | null {
  let longest = 0
  visit(document, {
    Name({ value }) {
      longest = Math.max(longest, value.length)
    },
  })
  if (longest <= MAX_NAME_CHARACTERS) return null
  return `A name in the document has ${longest} characters, at most ${MAX_NAME_CHARACTERS} are allowed.`
}

function findManyComparisons(document: DocumentNode): string | null {
  if (countMergeComparisons(document, MAX_MERGE_COMPARISONS) <= MAX_MERGE_COMPARISONS) return null
  return `The document selects the same fields or spreads fragments too often: it takes more than ${MAX_MERGE_COMPARISONS} comparisons to check whether they can be merged. Select each field once, or split the document.`
}

function depthRule(context: ValidationContext, maxDepth: number): ASTVisitor {
  const fragmentDepths = new Map<string, number>()

  const depthOf = (selectionSet: SelectionSetNode | undefined): number => {
    let deepest = 0
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) deepest = Math.max(deepest, depthOfFragment(context.getFragment(selection.name.value)))
      else if (selection.kind === Kind.INLINE_FRAGMENT) deepest = Math.max(deepest, depthOf(selection.selectionSet))
      // Introspection is deep by nature. graphql-js has its own limit for it.
      else if (!selection.name.value.startsWith('__')) deepest = Math.max(deepest, 1 + depthOf(selection.selectionSet))
    }
    return deepest
  }
  const depthOfFragment = (fragment: FragmentDefinitionNode | null | undefined): number => {
    if (!fragment) return 0
    const name = fragment.name.value
    const known = fragmentDepths.get(name)
    if (known !== undefined) return known
    // A fragment that is found again while it is being measured is part of a cycle. Another rule refuses cycles.
    fragmentDepths.set(name, 0)
    const depth = depthOf(fragment.selectionSet)
    fragmentDepths.set(name, depth)
    return depth
  }

  return {
    OperationDefinition(node) {
      const depth = depthOf(node.selectionSet)
      if (depth > maxDepth)
        context.reportError(new GraphQLError(`The operation is ${depth} fields deep, at most ${maxDepth} are allowed.`, { nodes: node }))
    },
  }
}

function countRule(context: ValidationContext): ASTVisitor {
  let aliases = 0
  let directives = 0
  const check = (count: number, most: number, what: string) => {
    if (count > most) context.reportError(new GraphQLError(`The document has ${count} ${what}, at most ${most} are allowed.`))
  }
  return {
    Field({ alias }) {
      if (alias) aliases += 1
    },
    Directive() {
      directives += 1
    },
    Document: {
      leave() {
        check(aliases, MAX_ALIASES, 'aliases')
        check(directives, MAX_DIRECTIVES, 'directives')
      },
    },
  }
}
