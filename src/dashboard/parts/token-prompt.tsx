/** Asks for the token that the node wants. */
import { useState } from "preact/hooks";

export interface TokenPromptProps {
  readonly wasWrong: boolean;
  readonly onToken: (token: string) => void;
}

export function TokenPrompt({ wasWrong, onToken }: TokenPromptProps) {
  const [token, setToken] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (token !== "") onToken(token);
  };
  return (
    <main class="token-prompt">
      <h1>Kvorum</h1>
      <form onSubmit={submit}>
        <label for="token">Admin token</label>
        <p class="caption" id="token-caption">
          This node shows itself only to those who know what is in the file of its{" "}
          <code>--admin-token-file</code>. The browser forgets it when you close this tab.
        </p>
        {wasWrong && (
          <p class="form-error" role="alert">
            The node does not take that token.
          </p>
        )}
        <div class="form-row">
          <input
            id="token"
            type="password"
            autocomplete="current-password"
            aria-describedby="token-caption"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button type="submit">Open</button>
        </div>
      </form>
    </main>
  );
}
