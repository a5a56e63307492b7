import type { Messages } from "../messages.ts";

export const models: Messages["models"] = {
  connectTitle: "Verbinden Sie ein Modell",
  connectDescription:
    "Es ist kein API-Schlüssel konfiguriert, und es wurde kein lokales Modell gefunden (Ollama, LM Studio, llama.cpp, vLLM). Wählen Sie eine Möglichkeit:",
  apiKey: "API-Schlüssel",
  customEndpoint: "Eigener Endpunkt",
  detectLocal: "Lokale Modelle suchen",
  tryDemo: "Demo ausprobieren",
  tryDemoDescription: "Führt eine vorbereitete Aufgabe aus, ohne API-Schlüssel.",

  provider: "Anbieter",
  model: "Modell",
  addKey: "API-Schlüssel hinzufügen",
  testModel: "Modell für den Test",
  keyDescription: "Der Schlüssel wird getestet, bevor er auf Ihrem Server gespeichert wird.",
  testAndSave: "Testen und speichern",
  saveAnyway: "Trotzdem speichern",
  keySaved: (provider) => `API-Schlüssel für ${provider} gespeichert`,

  baseUrl: "Basis-URL",
  firstAvailableModel: "Erstes verfügbares Modell",
  optionalKey: "API-Schlüssel (optional)",
  testAndUse: "Testen und verwenden",

  test: "Testen",
  testNamed: (name) => `${name} testen`,
  testing: "Wird getestet…",
  testResult: (model) => `Testergebnis für ${model}`,
  testPassed: (model) => `${model} funktioniert.`,
  testFailed: (model) => `${model} funktioniert noch nicht.`,
  findings: { reply: "Antwort", tools: "Tools", images: "Bilder", context: "Kontextfenster", price: "Preis" },
};
