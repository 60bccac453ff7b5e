import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'

/** Tokens of one document: the standard introspection query has about 300, twenty-five clips written out about 800. */
export const MAX_TOKENS = 2000
const MAX_ALIASES = 100
const MAX_DIRECTIVES = 50
/** A list repeats it with each item. */
const MAX_ALIAS_CHARACTERS = 200

/**
 * Limits that a document's text alone decides, as validation rules: they run once for each document, before anything is executed.
 * (Rules that throw make Apollo answer 500, so these report.)
 */
export function documentLimits({ maxDepth }: { readonly maxDepth: number }): ValidationRule[] {
  return [
    (context) => depthRule(context, maxDepth),
    (context) =>
      countRule(context, { kind: Kind.FIELD, most: MAX_ALIASES, what: 'aliases', isCounted: (node) => 'alias' in node && !!node.alias }),
    aliasRule,
    (context) => countRule(context, { kind: Kind.DIRECTIVE, most: MAX_DIRECTIVES, what: 'directives', isCounted: () => true }),
  ]
}

function depthRule(context: ValidationContext, maxDepth: number): ASTVisitor {
  const fragmentDepths = new Map<string, number>()

  const depthOf = (selectionSet: SelectionSetNode | undefined): number => {
    let deepest = 0
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) deepest = Math.max(deepest, depthOfFragment(context.getFragment(selection.name.value)))
      else if (selection.kind === Kind.INLINE_FRAGMENT) deepest = Math.max(deepest, depthOf(selection.selectionSet))
      // Introspection is deep by nature, and graphql-js has a rule of its own for it.
      else if (!selection.name.value.startsWith('__')) deepest = Math.max(deepest, 1 + depthOf(selection.selectionSet))
    }
    return deepest
  }
  const depthOfFragment = (fragment: FragmentDefinitionNode | null | undefined): number => {
    if (!fragment) return 0
    const name = fragment.name.value
    const known = fragmentDepths.get(name)
    if (known !== undefined) return known
    // Met again while it is being measured, a fragment is part of a cycle, which another rule refuses.
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

function aliasRule(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      const length = node.alias?.value.length ?? 0
      if (length <= MAX_ALIAS_CHARACTERS) return
      const text = `An alias has ${length} characters, at most ${MAX_ALIAS_CHARACTERS} are allowed.`
      context.reportError(new GraphQLError(text, { nodes: node }))
    },
  }
}

interface Count {
  readonly kind: Kind.FIELD | Kind.DIRECTIVE
  readonly most: number
  readonly what: string
  readonly isCounted: (node: object) => boolean
}

function countRule(context: ValidationContext, { kind, most, what, isCounted }: Count): ASTVisitor {
  let count = 0
  return {
    [kind]: (node: object) => {
      if (isCounted(node)) count += 1
    },
    Document: {
      leave() {
        if (count > most) context.reportError(new GraphQLError(`The document has ${count} ${what}, at most ${most} are allowed.`))
      },
    },
  }
}
