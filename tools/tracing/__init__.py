"""Tracing: a LangChain callback makes OpenTelemetry spans, which go to Langfuse, a collector, both.

One handler a run (`door`) makes the spans (`handler`), of what `view` and `masks` let through;
`pipe` carries them away in the background. Langfuse takes OpenTelemetry's protocol and documents
the attributes that it reads (langfuse.com/integrations/native/opentelemetry). Its own client is not
used: it is one per process (a second one switches the host's off), waits for dead servers without
bound when the process ends, and keeps the first masking function that it was given.

Nothing here is global to OpenTelemetry: no provider is set, no context attached.
"""
