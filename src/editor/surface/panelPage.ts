export interface PanelPageParts {
  readonly script: string;
  readonly style: string;
  /** Where the webview may take style sheets from. */
  readonly resourceOrigin: string;
  readonly nonce: string;
  /** A language tag, such as `de`. */
  readonly language: string;
  readonly title: string;
}

/** The panel's document: a shell that loads one script and one style sheet, and nothing from anywhere else. */
export function panelPage({ script, style, resourceOrigin, nonce, language, title }: PanelPageParts): string {
  const policy = `default-src 'none'; style-src ${resourceOrigin}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeHtml(style)}">
<title>${escapeHtml(title)}</title>
</head>
<body>
<div id="panel"></div>
<script nonce="${escapeHtml(nonce)}" src="${escapeHtml(script)}"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
