import { Component, type ReactNode } from 'react'

import { FailureNotice } from './failure-notice'

interface Props {
  /** Key of the content; a change of it clears an earlier error. */
  of: string
  children: ReactNode
}

interface State {
  of: string
  broken: boolean
}

const BROKEN = { kind: 'broken', detail: null, requestId: null, passing: false, waitMs: 0 } as const

/** An error while drawing takes the place of the part that it happened in, and not of the whole page. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { of: this.props.of, broken: false }

  static getDerivedStateFromError(): Partial<State> {
    return { broken: true }
  }

  static getDerivedStateFromProps({ of }: Props, before: State): State | null {
    return of === before.of ? null : { of, broken: false }
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children
    return <FailureNotice failure={BROKEN} onRetry={() => this.setState({ broken: false })} />
  }
}
