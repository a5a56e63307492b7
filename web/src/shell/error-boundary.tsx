import { Component, type ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { currentMessages } from "../i18n/i18n.ts";

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

/** Confines a rendering error to a part of the page. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly failure: Error | undefined }> {
  override state: { readonly failure: Error | undefined } = { failure: undefined };

  static getDerivedStateFromError(failure: Error): { readonly failure: Error } {
    return { failure };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === undefined) return this.props.children;
    const t = currentMessages();
    return (
      <div role="alert" className="flex flex-col items-start gap-2 p-5 text-sm">
        <p>{t.app.partFailed}</p>
        <code className="plain-text text-muted">{failure.message}</code>
        <Button onClick={() => this.setState({ failure: undefined })}>{t.common.tryAgain}</Button>
      </div>
    );
  }
}
