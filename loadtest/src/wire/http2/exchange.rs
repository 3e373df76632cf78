//! One request on a stream, until its answer is whole.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};

use super::{StreamError, Woken, broken};

/// How far it is.
pub(super) enum Progress {
    /// More must come.
    More,
    /// It is whole.
    Whole(u16),
    /// Nothing more will come.
    Failed(StreamError),
}

enum Stage {
    Head(ResponseFuture),
    Body(RecvStream, u16),
}

/// A request under way. Dropped before its end, it is cancelled.
pub(super) struct Exchange {
    stage: Stage,
    /// Holds what of the request is not sent yet.
    _request: SendStream<Bytes>,
    keep: bool,
    /// Of the answer, where it is kept.
    pub(super) body: Vec<u8>,
    pub(super) woken: Woken,
}

impl Exchange {
    pub(super) fn new(response: ResponseFuture, request: SendStream<Bytes>, keep: bool) -> Self {
        Self { stage: Stage::Head(response), _request: request, keep, body: Vec::new(), woken: Woken::new() }
    }

    /// Takes what has come.
    pub(super) fn go_on(&mut self) -> Progress {
        let mut context = Context::from_waker(&self.woken.waker);
        loop {
            match &mut self.stage {
                Stage::Head(response) => match Pin::new(response).poll(&mut context) {
                    Poll::Pending => return Progress::More,
                    Poll::Ready(Err(error)) => return Progress::Failed(broken(error)),
                    Poll::Ready(Ok(response)) => {
                        let status = response.status().as_u16();
                        self.stage = Stage::Body(response.into_body(), status);
                    }
                },
                Stage::Body(body, status) => match body.poll_data(&mut context) {
                    Poll::Pending => return Progress::More,
                    Poll::Ready(None) => return Progress::Whole(*status),
                    Poll::Ready(Some(Err(error))) => return Progress::Failed(broken(error)),
                    Poll::Ready(Some(Ok(bytes))) => {
                        if self.keep {
                            self.body.extend_from_slice(&bytes);
                        }
                        // Room for more; of a stream that is gone nobody needs it.
                        body.flow_control().release_capacity(bytes.len()).unwrap_or_default();
                    }
                },
            }
        }
    }
}
